// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import Synchronization

/// What waits for the next turn of a file. Bounded by those who wait: each operation has a caller, each settling a delivery that
/// was held within a prefetch.
final class Inbox: Sendable {
    struct Content {
        var operations: [any Operation] = []
        var settled: [SettledDelivery] = []
    }

    private struct State {
        var content = Content()
        var scheduled = false
        var closed = false
    }

    private let state = Mutex(State())

    var isClosed: Bool { state.withLock { $0.closed } }

    enum Admission { case schedule, scheduled, closed }

    func put(_ operation: any Operation) -> Admission {
        state.withLock { state in
            guard !state.closed else { return .closed }
            state.content.operations.append(operation)
            return Self.admit(&state)
        }
    }

    func put(_ settled: SettledDelivery) -> Admission {
        state.withLock { state in
            guard !state.closed else { return .closed }
            state.content.settled.append(settled)
            return Self.admit(&state)
        }
    }

    /// Settlings of a turn that failed go first in the next one.
    func putBack(_ settled: [SettledDelivery]) {
        state.withLock { $0.content.settled.insert(contentsOf: settled, at: 0) }
    }

    func schedule() -> Admission {
        state.withLock { $0.closed ? .closed : Self.admit(&$0) }
    }

    func take() -> Content {
        state.withLock { state in
            state.scheduled = false
            let content = state.content
            state.content = Content()
            state.content.operations.reserveCapacity(content.operations.count)
            state.content.settled.reserveCapacity(content.settled.count)
            return content
        }
    }

    func close() -> Content {
        state.withLock { state in
            state.closed = true
            defer { state.content = Content() }
            return state.content
        }
    }

    private static func admit(_ state: inout State) -> Admission {
        guard !state.scheduled else { return .scheduled }
        state.scheduled = true
        return .schedule
    }
}

/// A verdict on its way into the file.
struct SettledDelivery: Sendable {
    let queue: Int64
    let holder: Int64
    let number: Int64
    let verdict: DeliveryVerdict
}

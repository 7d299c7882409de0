// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// One record that waits for its place in the file, and who waits for it.
struct PendingAppend: Sendable {
    let line: [UInt8]
    private let continuation: CheckedContinuation<Void, any Error>

    init(_ line: [UInt8], _ continuation: CheckedContinuation<Void, any Error>) {
        self.line = line
        self.continuation = continuation
    }

    func finish(_ failure: FileSinkFailure? = nil) {
        if let failure { continuation.resume(throwing: failure) } else { continuation.resume() }
    }
}

/// What waits for the next turn of a sink. Bounded by those who wait: each handler has at most one record here.
final class AppendInbox: Sendable {
    enum Admission { case schedule, scheduled, closed }

    private struct State {
        var waiting: [PendingAppend] = []
        var scheduled = false
        var closed = false
    }

    private let state = Mutex(State())

    func put(_ append: PendingAppend) -> Admission {
        state.withLock { state in
            guard !state.closed else { return .closed }
            state.waiting.append(append)
            guard !state.scheduled else { return .scheduled }
            state.scheduled = true
            return .schedule
        }
    }

    func take() -> [PendingAppend] {
        state.withLock { state in
            state.scheduled = false
            let waiting = state.waiting
            state.waiting = []
            state.waiting.reserveCapacity(waiting.count)
            return waiting
        }
    }

    /// True the first time. What waits already still gets its turn.
    func close() -> Bool {
        state.withLock { state in
            defer { state.closed = true }
            return !state.closed
        }
    }
}

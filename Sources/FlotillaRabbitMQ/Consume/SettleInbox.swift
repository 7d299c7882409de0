// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Verdicts on their way to the consuming Loop. Bounded by what is held: each delivery is settled once.
final class SettleInbox: Sendable {
    private struct State {
        var settled: [Settled] = []
        var scheduled = false
    }

    private let state = Mutex(State())

    /// True when somebody must see to it that it is taken.
    func put(_ settled: Settled) -> Bool {
        state.withLock { state in
            state.settled.append(settled)
            defer { state.scheduled = true }
            return !state.scheduled
        }
    }

    func take() -> [Settled] {
        state.withLock { state in
            state.scheduled = false
            let settled = state.settled
            state.settled = []
            state.settled.reserveCapacity(settled.count)
            return settled
        }
    }
}

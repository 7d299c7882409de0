// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// What upkeep could not do, in words that may be shown.
struct Neglect: Equatable {
    let words: String
    /// Somebody waits for it.
    let isUrgent: Bool
}

/// Wakes whoever keeps a store in order, and remembers what he could not do.
final class Bell: Sendable {
    private struct State {
        var isRung = false
        var waiter: CheckedContinuation<Void, Never>?
        var neglect: Neglect?
        var round = 0
    }

    private let state = Mutex(State())

    var neglect: Neglect? {
        get { state.withLock { $0.neglect } }
        set { state.withLock { $0.neglect = newValue } }
    }

    /// A new round of upkeep; what was to ring for an earlier one is not heard any more.
    func begin() -> Int {
        state.withLock { state in
            state.round += 1
            return state.round
        }
    }

    func ring(for round: Int) {
        if state.withLock({ $0.round == round }) { ring() }
    }

    /// One that nobody waits for is heard by whoever waits next.
    func ring() {
        let waiter = state.withLock { state in
            if state.waiter == nil { state.isRung = true }
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// One waits at a time.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isRung = state.withLock { state in
                if !state.isRung { state.waiter = continuation }
                defer { state.isRung = false }
                return state.isRung
            }
            if isRung { continuation.resume() }
        }
    }
}

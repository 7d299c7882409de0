// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Counts what happens, and tells those who wait for a number of it.
package final class Tally: Sendable {
    private struct State {
        var count = 0
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    package init() {}

    package var count: Int { state.withLock { $0.count } }

    package func add(_ number: Int = 1) {
        let reached = state.withLock { state in
            state.count += number
            defer { state.waiters.removeAll { $0.count <= state.count } }
            return state.waiters.filter { $0.count <= state.count }
        }
        for waiter in reached { waiter.continuation.resume() }
    }

    /// Returns when the count is reached, or when the task is cancelled.
    package func reach(_ count: Int) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let already = state.withLock { state in
                    let already = state.count >= count || Task.isCancelled
                    if !already { state.waiters.append((count, continuation)) }
                    return already
                }
                if already { continuation.resume() }
            }
        } onCancel: {
            let waiters = state.withLock { state in
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.continuation.resume() }
        }
    }
}

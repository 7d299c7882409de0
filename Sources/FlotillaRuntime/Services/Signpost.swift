// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// A point in the life of a service that others wait for: reached once, and then for ever. Waiting ends early when its task is cancelled.
package final class Signpost: Sendable {
    private struct State {
        var reached = false
        var nextWaiter = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    package func reach() {
        let waiters = state.withLock { state in
            state.reached = true
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }

    package func wait() async {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let go = state.withLock { state in
                    if state.reached || Task.isCancelled { return true }
                    state.waiters[number] = continuation
                    return false
                }
                if go { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets a number of tests in at once. Every open file has a doorbell, and Linux gives a user 128 of them.
final class Turnstile: Sendable {
    static let files = Turnstile(places: 8)
    /// Every fleet on the test broker is a dozen replicated queues.
    static let fleets = Turnstile(places: 4)

    /// A node of RabbitMQ keeps a core busy for ten seconds until it answers.
    static let boots = Turnstile(places: 2)

    /// Every process on the test server has some connections.
    static let databases = Turnstile(places: 8)

    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(places: Int) {
        state = Mutex(State(free: places))
    }

    func enter() async {
        await withCheckedContinuation { continuation in
            let entered = state.withLock { state in
                if state.free > 0 {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if entered { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.free += 1
            return nil
        }
        next?.resume()
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaIngress
import FlotillaModel
import Synchronization

/// A broker that does as it is told: confirms, throws, or keeps its caller waiting until it is released.
final class FakePublisher: EventPublisher {
    enum Manner: Sendable {
        case confirm
        case fail(any Error)
        case hold
    }

    fileprivate struct State {
        var manner: Manner
        var published: [[Event]] = []
        var held: [CheckedContinuation<Void, any Error>] = []
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state: Mutex<State>

    init(_ manner: Manner) {
        state = Mutex(State(manner: manner))
    }

    var published: [[Event]] { state.withLock { $0.published } }

    /// What was published since the last time; for tests that would otherwise keep too much.
    func take() -> [[Event]] {
        state.withLock { state in
            defer { state.published = [] }
            return state.published
        }
    }

    func publish(_ events: [Event], then end: @escaping @Sendable (Result<Void, any Error>) -> Void) {
        Task.immediate {
            do {
                try await publish(events)
                end(.success(()))
            } catch {
                end(.failure(error))
            }
        }
    }

    private func publish(_ events: [Event]) async throws {
        let (manner, woken) = state.withLock { state in
            state.published.append(events)
            guard case .hold = state.manner else { return (state.manner, state.takeWaiters()) }
            return (state.manner, [])
        }
        for waiter in woken { waiter.resume() }
        switch manner {
        case .confirm: return
        case .fail(let error): throw error
        case .hold:
            try await withCheckedThrowingContinuation { continuation in
                let woken = state.withLock { state in
                    state.held.append(continuation)
                    return state.takeWaiters()
                }
                for waiter in woken { waiter.resume() }
            }
        }
    }

    /// Returns when so many calls of `publish` have come, and those that are to be held are held.
    func called(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let woken = state.withLock { state in
                state.waiters.append((count, continuation))
                return state.takeWaiters()
            }
            for waiter in woken { waiter.resume() }
        }
    }

    func change(to manner: Manner) {
        state.withLock { $0.manner = manner }
    }

    /// Lets every held call return.
    func release() {
        let held = state.withLock { state in
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }
}

extension FakePublisher.State {
    fileprivate mutating func takeWaiters() -> [CheckedContinuation<Void, Never>] {
        let count = published.count
        defer { waiters.removeAll { $0.count <= count } }
        return waiters.filter { $0.count <= count }.map(\.continuation)
    }
}

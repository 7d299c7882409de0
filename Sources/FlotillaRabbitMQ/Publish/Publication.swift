// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import Synchronization

/// One call to publish: made with its messages, ended once, by the confirm of the last of them or by the first failure or its deadline.
final class Publication: Sendable {
    typealias Completion = @Sendable (Result<Void, any Error>) -> Void

    private struct State {
        var remaining: Int
        var journaled: [Event]
        var completion: Completion?
    }

    private let state: Mutex<State>
    /// Monotonic nanoseconds.
    let deadline: UInt64

    init(count: Int, deadline: UInt64, journaled: [Event] = [], _ completion: @escaping Completion) {
        state = Mutex(State(remaining: count, journaled: journaled, completion: completion))
        self.deadline = deadline
    }

    /// What the journal takes once all of it is confirmed; nothing when nobody waits for that any more.
    var journaled: [Event] { state.withLock { $0.journaled } }

    var isOver: Bool { state.withLock { $0.completion == nil } }

    /// One of its messages was routed and confirmed. True with the last one, if nothing has failed.
    func confirm() -> Bool {
        state.withLock { state in
            state.remaining -= 1
            return state.remaining == 0 && state.completion != nil
        }
    }

    /// All of it is confirmed, and stands in so many journal messages.
    func awaitJournal(of messages: Int) {
        state.withLock { $0.remaining = messages }
    }

    func end(_ result: Result<Void, any Error>) {
        let completion = state.withLock { state in
            defer {
                state.completion = nil
                state.journaled = []
            }
            return state.completion
        }
        completion?(result)
    }
}

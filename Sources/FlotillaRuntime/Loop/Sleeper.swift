// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Waiting, given to whoever must wait, so that tests wait for nothing.
package protocol Sleeper: Sendable {
    /// Throws CancellationError when the task is cancelled meanwhile.
    func sleep(for duration: Duration) async throws
}

/// Waits by a timer of a Loop: it goes on when the cooperative pool is busy with handlers that block.
package struct LoopSleeper: Sleeper {
    private let loop: Loop

    package init(_ loop: Loop) {
        self.loop = loop
    }

    package func sleep(for duration: Duration) async throws {
        let nap = Nap(loop)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { nap.begin($0, duration) }
        } onCancel: {
            nap.end(throwing: CancellationError())
        }
    }
}

/// One sleep: ended once, by its timer or by cancellation.
///
/// Sendable because `state` is behind its mutex, and `timer` is touched on the loop's thread alone.
private final class Nap: @unchecked Sendable {
    private struct State {
        var continuation: CheckedContinuation<Void, any Error>?
        var ended = false
    }

    private let loop: Loop
    private let state = Mutex(State())
    private var timer: LoopTimer?

    init(_ loop: Loop) {
        self.loop = loop
    }

    func begin(_ continuation: CheckedContinuation<Void, any Error>, _ duration: Duration) {
        let ended = state.withLock { state in
            if !state.ended { state.continuation = continuation }
            return state.ended
        }
        guard !ended else { return continuation.resume(throwing: CancellationError()) }
        loop.post { [self] in
            // Cancelled before the loop came to it: no timer is needed.
            guard state.withLock({ !$0.ended }) else { return }
            timer = loop.schedule(after: duration) { self.end(throwing: nil) }
        }
    }

    func end(throwing error: (any Error)?) {
        let continuation = state.withLock { state in
            state.ended = true
            defer { state.continuation = nil }
            return state.continuation
        }
        guard let error else { return continuation?.resume() ?? () }
        continuation?.resume(throwing: error)
        loop.post { [self] in
            if let timer { loop.cancel(timer) }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import Synchronization

/// One run of one handler: begun by the pipeline, ended by what comes first: the handler returns, its deadline passes, its claim
/// is lost, or the worker is stopped. A handler that ignores its cancellation is left behind: its lane goes on without it, and
/// nothing that it still does is recorded.
final class HandlerRun: Sendable {
    enum Ending: Sendable {
        case returned(Outcome)
        case threw(Failure)
        case overran
        case lostClaim
        case stopped
    }

    private struct State {
        var task: Task<Void, Never>?
        var continuation: CheckedContinuation<Ending, Never>?
        var ending: Ending?
        var cancelledFor: Ending?
        var left = false
    }

    /// Of the event, if it has one.
    let key: LedgerKey?
    let claim: HeldClaim?
    /// On the clock's `uptime`.
    let deadline: Duration
    private let state = Mutex(State())
    private let stragglers: Stragglers

    init(key: LedgerKey?, claim: HeldClaim?, deadline: Duration, stragglers: Stragglers) {
        self.key = key
        self.claim = claim
        self.deadline = deadline
        self.stragglers = stragglers
    }

    func callAsFunction(_ body: @escaping @Sendable () async throws -> Outcome) async -> Ending {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard begin(continuation) else { return }
                // A task of its own and not a child: a child that ignores cancellation could never be left.
                let task = Task { [self] in
                    do {
                        ended(.returned(try await body()))
                    } catch {
                        ended(.threw(Failure(thrown: error)))
                    }
                }
                attach(task)
            }
        } onCancel: {
            cancel(for: .stopped)
            leave()
        }
    }

    /// Asks the handler to end. What it still returns counts, because it has been done; unless its claim is lost, and another one
    /// decides. What it throws is no news: the reason for which it was cancelled is its ending.
    func cancel(for reason: Ending) {
        let task = state.withLock { state in
            if state.cancelledFor == nil { state.cancelledFor = reason }
            return state.task
        }
        task?.cancel()
    }

    /// Goes on without the handler, if it has not ended.
    func leave() {
        let (continuation, ending) = state.withLock { state -> (CheckedContinuation<Ending, Never>?, Ending) in
            let ending = state.cancelledFor ?? .stopped
            guard state.ending == nil else { return (nil, ending) }
            state.ending = ending
            state.left = true
            stragglers.count.add(1, ordering: .relaxed)
            defer { state.continuation = nil }
            return (state.continuation, ending)
        }
        continuation?.resume(returning: ending)
    }

    /// False when it was left before it began: the delivery has been given back, and the handler must not run beside whoever has it next.
    private func begin(_ continuation: CheckedContinuation<Ending, Never>) -> Bool {
        let already = state.withLock { state in
            if state.ending == nil { state.continuation = continuation }
            return state.ending
        }
        guard let already else { return true }
        stragglers.count.subtract(1, ordering: .relaxed)
        continuation.resume(returning: already)
        return false
    }

    private func attach(_ task: Task<Void, Never>) {
        let cancelled = state.withLock { state in
            state.task = task
            return state.cancelledFor != nil
        }
        if cancelled { task.cancel() }
    }

    private func ended(_ own: Ending) {
        let (continuation, ending, late) = state.withLock { state -> (CheckedContinuation<Ending, Never>?, Ending, Bool) in
            let ending: Ending =
                switch (own, state.cancelledFor) {
                case (.returned, .overran?), (.returned, .stopped?), (_, nil): own
                case (_, let reason?): reason
                }
            guard state.ending == nil else { return (nil, ending, state.left) }
            state.ending = ending
            state.task = nil
            defer { state.continuation = nil }
            return (state.continuation, ending, false)
        }
        continuation?.resume(returning: ending)
        if late { stragglers.count.subtract(1, ordering: .relaxed) }
    }
}

/// Counts the handlers that were left behind and still run.
final class Stragglers: Sendable {
    let count = Atomic(0)
}

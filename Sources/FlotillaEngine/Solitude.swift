// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Lets many handlers run together, or one alone. An event that was running when a process vanished runs alone, so that
/// if it does it again, nobody else is blamed. One for each process. Whoever waits to be alone goes before newcomers, and those who wait
/// meanwhile go together before the next one: a process that was killed at its work leaves as many to run alone as it had handlers.
package final class Solitude: Sendable {
    private struct Waiting {
        let since: Duration
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var together = 0
        var alone = false
        var waitingAlone: [Waiting] = []
        var waitingTogether: [Waiting] = []
    }

    private let state = Mutex(State())

    package init() {}

    var waiting: Int { state.withLock { $0.waitingAlone.count + $0.waitingTogether.count } }

    /// - Parameter now: by the clock of `giveUp`.
    /// - Returns: false when it has given up waiting to be alone, and has not entered.
    @discardableResult
    package func enter(alone: Bool, now: Duration = .zero) async -> Bool {
        guard !tryEnter(alone: alone) else { return true }
        return await withCheckedContinuation { continuation in
            let entered = state.withLock { state in
                if Self.admit(alone, &state) { return true }
                let waiting = Waiting(since: now, continuation: continuation)
                if alone { state.waitingAlone.append(waiting) } else { state.waitingTogether.append(waiting) }
                return false
            }
            if entered { continuation.resume(returning: true) }
        }
    }

    package func leave(alone: Bool) {
        let next = state.withLock { state in
            if alone { state.alone = false } else { state.together -= 1 }
            return Self.next(&state, after: alone)
        }
        for waiting in next { waiting.continuation.resume(returning: true) }
    }

    /// Whoever has waited to be alone since then waits no longer: what it holds is not to be held for any time.
    package func giveUp(since limit: Duration) {
        let (late, next) = state.withLock { state in
            let late = state.waitingAlone.filter { $0.since <= limit }
            if !late.isEmpty { state.waitingAlone.removeAll { $0.since <= limit } }
            return (late, late.isEmpty ? [] : Self.next(&state, after: false))
        }
        for waiting in late { waiting.continuation.resume(returning: false) }
        for waiting in next { waiting.continuation.resume(returning: true) }
    }

    /// Those who enter now.
    private static func next(_ state: inout State, after alone: Bool) -> [Waiting] {
        guard !state.alone else { return [] }
        if !state.waitingAlone.isEmpty, !alone || state.waitingTogether.isEmpty {
            guard state.together == 0 else { return [] }
            state.alone = true
            return [state.waitingAlone.removeFirst()]
        }
        let waiting = state.waitingTogether
        state.together += waiting.count
        state.waitingTogether = []
        return waiting
    }

    private func tryEnter(alone: Bool) -> Bool {
        state.withLock { Self.admit(alone, &$0) }
    }

    private static func admit(_ alone: Bool, _ state: inout State) -> Bool {
        guard !state.alone, alone ? state.together == 0 : state.waitingAlone.isEmpty else { return false }
        if alone { state.alone = true } else { state.together += 1 }
        return true
    }
}

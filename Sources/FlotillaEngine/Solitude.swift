// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Lets many handlers run together, or one alone. An event that was running when a process vanished runs alone, so that
/// if it does it again, nobody else is blamed. One for each process; whoever waits to be alone goes before newcomers.
package final class Solitude: Sendable {
    private struct State {
        var together = 0
        var alone = false
        var waitingAlone: [CheckedContinuation<Void, Never>] = []
        var waitingTogether: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    package init() {}

    package func enter(alone: Bool) async {
        guard !tryEnter(alone: alone) else { return }
        await withCheckedContinuation { continuation in
            let entered = state.withLock { state in
                if Self.admit(alone, &state) { return true }
                if alone { state.waitingAlone.append(continuation) } else { state.waitingTogether.append(continuation) }
                return false
            }
            if entered { continuation.resume() }
        }
    }

    package func leave(alone: Bool) {
        let next: [CheckedContinuation<Void, Never>] = state.withLock { state in
            if alone { state.alone = false } else { state.together -= 1 }
            guard !state.alone else { return [] }
            if !state.waitingAlone.isEmpty {
                guard state.together == 0 else { return [] }
                state.alone = true
                return [state.waitingAlone.removeFirst()]
            }
            let waiting = state.waitingTogether
            state.together += waiting.count
            state.waitingTogether = []
            return waiting
        }
        for continuation in next { continuation.resume() }
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

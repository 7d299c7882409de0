// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Deliveries on their way from a subscription to whoever draws their tickets, in the order of their arrival. One puts, one takes.
final class Arrivals: Sendable {
    private struct State {
        var waiting: [Delivery] = []
        var taker: CheckedContinuation<[Delivery]?, Never>?
        var isEnded = false
    }

    private let state = Mutex(State())

    var isEnded: Bool { state.withLock { $0.isEnded } }

    /// What comes after the end is given back.
    func put(_ delivery: Delivery) {
        let (taker, isLate) = state.withLock { state -> (CheckedContinuation<[Delivery]?, Never>?, Bool) in
            if state.isEnded { return (nil, true) }
            if state.taker == nil { state.waiting.append(delivery) }
            return (state.taker.take(), false)
        }
        taker?.resume(returning: [delivery])
        if isLate { delivery.giveBack() }
    }

    /// All that have come, as soon as there is one; nil when this has ended.
    func take() async -> [Delivery]? {
        await withCheckedContinuation { continuation in
            let (ready, isAnswered) = state.withLock { state -> ([Delivery]?, Bool) in
                if state.isEnded { return (nil, true) }
                if state.waiting.isEmpty {
                    state.taker = continuation
                    return (nil, false)
                }
                return (Self.all(&state), true)
            }
            if isAnswered { continuation.resume(returning: ready) }
        }
    }

    /// All that have come by now.
    func takeNow() -> [Delivery] { state.withLock { Self.all(&$0) } }

    /// Answers what nobody has taken.
    func end() -> [Delivery] {
        let (rest, taker) = state.withLock { state in
            state.isEnded = true
            return (Self.all(&state), state.taker.take())
        }
        taker?.resume(returning: nil)
        return rest
    }

    private static func all(_ state: inout State) -> [Delivery] {
        defer { state.waiting = [] }
        return state.waiting
    }
}

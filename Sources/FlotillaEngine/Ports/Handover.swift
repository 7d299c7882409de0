// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime
internal import Synchronization

/// Deliveries on their way from an adapter to the lanes of a worker: put in by `accept`, taken out by `next`, ended by `end`.
package final class Handover: Sendable {
    private struct State {
        var waiting = Fifo<Delivery>()
        var takers = Fifo<CheckedContinuation<Delivery?, Never>>()
        var isEnded = false
    }

    private let state = Mutex(State())

    package init() {}

    package var isEnded: Bool { state.withLock { $0.isEnded } }

    /// Everything that came is with somebody.
    package var isEmpty: Bool { state.withLock { $0.waiting.isEmpty } }

    /// The next one, as soon as there is one; nil when this has ended.
    /// - Parameter cancelled: called when the task that waits is cancelled: it is done with the whole subscription.
    package func next(cancelled: @escaping @Sendable () -> Void) async -> Delivery? {
        if let ready = state.withLock({ $0.waiting.popFirst() }) { return ready }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (delivery, answered) = state.withLock { state -> (Delivery?, Bool) in
                    if state.isEnded || Task.isCancelled { return (nil, true) }
                    if let ready = state.waiting.popFirst() { return (ready, true) }
                    state.takers.append(continuation)
                    return (nil, false)
                }
                if answered { continuation.resume(returning: delivery) }
            }
        } onCancel: {
            cancelled()
        }
    }

    /// What comes after the end is given back.
    package func accept(_ deliveries: [Delivery]) {
        var handed: [(CheckedContinuation<Delivery?, Never>, Delivery)] = []
        let late = state.withLock { state -> Bool in
            if state.isEnded { return true }
            for delivery in deliveries {
                if let taker = state.takers.popFirst() { handed.append((taker, delivery)) } else { state.waiting.append(delivery) }
            }
            return false
        }
        for (taker, delivery) in handed { taker.resume(returning: delivery) }
        if late { for delivery in deliveries { delivery.giveBack() } }
    }

    /// Whoever waits gets nil.
    /// - Returns: what nobody has taken, for the adapter to give back or to forget.
    package func end() -> [Delivery] {
        let (rest, takers) = state.withLock { state in
            state.isEnded = true
            return (state.waiting.removeAll(), state.takers.removeAll())
        }
        for taker in takers { taker.resume(returning: nil) }
        return rest
    }

    /// What waits here is delivered anew by the broker.
    package func forget() {
        state.withLock { _ = $0.waiting.removeAll() }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import Synchronization

/// The deliveries of one queue of a MemoryBroker.
final class MemorySubscription: Subscription, DeliverySource {
    let queue: String
    private let prefetch: Int
    private let broker: MemoryBroker
    private let state = Mutex(State())

    private struct State {
        var waiting: [Delivery] = []
        var items: [Int64: MemoryBroker.Item] = [:]
        var takers: [CheckedContinuation<Delivery?, Never>] = []
        var nextTag: Int64 = 0
        var held = 0
        var cancelled = false
    }

    init(queue: String, prefetch: Int, broker: MemoryBroker) {
        self.queue = queue
        self.prefetch = max(1, prefetch)
        self.broker = broker
    }

    /// Sets aside room for as many of `count` as fit.
    func reserve(_ count: Int) -> Int {
        state.withLock { state in
            guard !state.cancelled else { return 0 }
            let taken = min(count, prefetch - state.held)
            state.held += taken
            return taken
        }
    }

    var depth: Int { state.withLock { $0.items.count } }

    func accept(_ items: [MemoryBroker.Item]) {
        for item in items {
            let (taker, delivery, late) = state.withLock { state -> (CheckedContinuation<Delivery?, Never>?, Delivery, Bool) in
                state.nextTag += 1
                state.items[state.nextTag] = item
                let delivery = Delivery(
                    queue: queue, content: item.content, passage: item.passage, accepted: item.accepted, tag: state.nextTag, source: self)
                if state.cancelled { return (nil, delivery, true) }
                guard state.takers.isEmpty else { return (state.takers.removeFirst(), delivery, false) }
                state.waiting.append(delivery)
                return (nil, delivery, false)
            }
            taker?.resume(returning: delivery)
            if late { delivery.giveBack() }
        }
    }

    func next() async throws -> Delivery? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (delivery, answered) = state.withLock { state -> (Delivery?, Bool) in
                    if state.cancelled || Task.isCancelled { return (nil, true) }
                    if !state.waiting.isEmpty { return (state.waiting.removeFirst(), true) }
                    state.takers.append(continuation)
                    return (nil, false)
                }
                if answered { continuation.resume(returning: delivery) }
            }
        } onCancel: {
            end()
        }
    }

    func cancel() async { end() }

    func settle(_ delivery: Delivery, _ verdict: DeliveryVerdict) {
        let item = state.withLock { state in
            state.held -= 1
            return state.items.removeValue(forKey: delivery.tag)
        }
        if verdict == .givenBack, let item { broker.giveBack(item, to: queue) } else { broker.distribute() }
    }

    /// Everything that is held, in its order; from now on nothing that is settled here is heard.
    func vanish() -> [MemoryBroker.Item] {
        let (items, takers) = state.withLock { state in
            state.cancelled = true
            defer {
                state.items = [:]
                state.waiting = []
                state.takers = []
            }
            return (state.items.sorted { $0.key < $1.key }.map(\.value), state.takers)
        }
        for taker in takers { taker.resume(returning: nil) }
        return items
    }

    private func end() {
        let (waiting, takers) = state.withLock { state in
            state.cancelled = true
            defer {
                state.waiting = []
                state.takers = []
            }
            return (state.waiting, state.takers)
        }
        broker.forget(self)
        for taker in takers { taker.resume(returning: nil) }
        for delivery in waiting { delivery.giveBack() }
    }
}

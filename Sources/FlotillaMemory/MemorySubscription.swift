// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import Synchronization

/// The deliveries of one queue of a MemoryBroker.
final class MemorySubscription: Subscription, DeliverySource {
    let queue: String
    private let prefetch: Int
    private let broker: MemoryBroker
    private let handover = Handover()
    private let state = Mutex(State())

    private struct State {
        var items: [Int64: MemoryBroker.Item] = [:]
        var nextTag: Int64 = 0
        var held = 0
    }

    init(queue: String, prefetch: Int, broker: MemoryBroker) {
        self.queue = queue
        self.prefetch = max(1, prefetch)
        self.broker = broker
    }

    /// Sets aside room for as many of `count` as fit.
    func reserve(_ count: Int) -> Int {
        state.withLock { state in
            guard !handover.isEnded else { return 0 }
            let taken = min(count, prefetch - state.held)
            state.held += taken
            return taken
        }
    }

    var depth: Int { state.withLock { $0.items.count } }

    func accept(_ items: [MemoryBroker.Item]) {
        let deliveries = state.withLock { state in
            items.map { item in
                state.nextTag += 1
                state.items[state.nextTag] = item
                return Delivery(
                    queue: queue, content: item.content, passage: item.passage, accepted: item.accepted, tag: state.nextTag, source: self)
            }
        }
        handover.accept(deliveries)
    }

    func next() async throws -> Delivery? {
        await handover.next { self.end() }
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
        _ = handover.end()
        return state.withLock { state in
            defer { state.items = [:] }
            return state.items.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    private func end() {
        let rest = handover.end()
        broker.forget(self)
        for delivery in rest { delivery.giveBack() }
    }
}

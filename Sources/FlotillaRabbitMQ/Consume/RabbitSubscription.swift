// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine

/// The deliveries of one queue on their way to the workers of this process: filled by its Consumer, emptied by `next`, ended by
/// `cancel`.
final class RabbitSubscription: Subscription {
    let queue: String
    let prefetch: Int
    private let consumers: Consumers
    private let handover = Handover()

    init(queue: String, prefetch: Int, consumers: Consumers) {
        self.queue = queue
        self.prefetch = min(max(1, prefetch), 65535)
        self.consumers = consumers
    }

    func next() async throws -> Delivery? {
        await handover.next {
            self.end()
            self.consumers.leave(self) {}
        }
    }

    func cancel() async {
        end()
        await withCheckedContinuation { continuation in consumers.leave(self) { continuation.resume() } }
    }

    /// Whoever waits gets nil, what nobody has received is given back.
    func end() {
        for delivery in handover.end() { delivery.giveBack() }
    }

    func accept(_ delivery: Delivery) { handover.accept([delivery]) }

    /// The channel is gone: the broker delivers again what waited here.
    func forget() { handover.forget() }
}

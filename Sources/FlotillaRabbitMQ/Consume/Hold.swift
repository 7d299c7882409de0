// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import Synchronization

/// What was delivered over one channel: made when a consumer begins, over when its channel is. A delivery of a channel that is gone is
/// delivered again by the broker, so that what is said of the first one is not heard.
final class Hold: DeliverySource {
    /// Bytes that are no event: a copy of them must be the same bytes.
    struct Foreign: Sendable {
        let contentType: String?
        let body: [UInt8]
    }

    let consumers: Consumers
    /// Which of the connection's consumers, and which of its channels.
    let consumer: Int
    private let foreign = Mutex<[Int64: Foreign]>([:])

    init(consumers: Consumers, consumer: Int) {
        self.consumers = consumers
        self.consumer = consumer
    }

    func keep(_ message: Foreign, of number: Int64) {
        foreign.withLock { $0[number] = message }
    }

    func foreign(of delivery: Delivery) -> Foreign? {
        foreign.withLock { $0[delivery.tag] }
    }

    /// What a delivery with so much data takes in memory, roughly, whether or not the data are an event.
    static func size(bytes: Int) -> Int { bytes + 512 }

    func settle(_ delivery: Delivery, _ verdict: DeliveryVerdict) {
        var bytes = (try? delivery.content.get().data.count) ?? 0
        if case .failure = delivery.content { bytes = foreign.withLock { $0.removeValue(forKey: delivery.tag) }?.body.count ?? 0 }
        consumers.settle(
            Settled(hold: self, number: UInt64(bitPattern: delivery.tag), verdict: verdict, size: Self.size(bytes: bytes)))
    }
}

/// A verdict on its way to the broker.
struct Settled: Sendable {
    let hold: Hold
    let number: UInt64
    let verdict: DeliveryVerdict
    let size: Int
}

// SPDX-License-Identifier: Apache-2.0

/// The way of deliveries between a subscription and the pipeline: made by a worker for its handler's `order`, drained and ended with it.
protocol DeliveryOrder: Sendable {
    /// What the worker's lanes take from.
    func source(_ subscription: any Subscription) -> any Subscription

    /// Beside them; returns when the subscription has ended.
    func work() async

    /// Returns when the delivery is settled, or waits for its key: then whoever runs before it goes on with it.
    func run(_ delivery: Delivery) async

    /// Beside them, until it is cancelled: nobody waits for ever.
    func tend() async

    /// Who waits is given back, and from now on nobody does.
    func close()
}

extension DeliveryOrder {
    func source(_ subscription: any Subscription) -> any Subscription { subscription }
    func work() async {}
    func tend() async {}
}

/// Every delivery by itself.
struct NoOrder: DeliveryOrder {
    let pipeline: Pipeline

    func run(_ delivery: Delivery) async { await pipeline.run(delivery) }
    func close() {}
}

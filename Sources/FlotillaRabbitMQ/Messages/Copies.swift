// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// Makes the message by which a delivery goes on: into another queue, or into the same one later. It starts from our own headers:
/// what the broker added is never copied, for an event that kept it would be taken for one that goes round in circles, and dropped.
enum Copies {
    /// Nil when the bytes of what is no event are no longer at hand.
    static func make(
        of delivery: Delivery, to queue: String, _ passage: Passage, after delay: Duration, _ names: Names, now: Timestamp
    ) -> Message? {
        guard let content = content(of: delivery) else { return nil }
        let target = names.parkPlaces.target(queue, of: passage.connection)
        var message = message(content, to: names.queue(target), after: delay, names, now: now)
        message.passage = passage
        message.accepted = delivery.accepted
        if queue == QueueNames.unrouted || QueueNames.worker(of: queue) != nil { message.keptAt = now }
        return message
    }

    /// On its way again until `moment`, otherwise as it was.
    static func delayed(_ delivery: Delivery, until moment: Timestamp, _ names: Names, now: Timestamp) -> Message? {
        make(of: delivery, to: delivery.queue, delivery.passage, after: moment - now, names, now: now)
    }

    private static func message(
        _ content: Message.Content, to queue: String, after delay: Duration, _ names: Names, now: Timestamp
    ) -> Message {
        guard delay > .zero else { return Message(content, exchange: names.queues, routingKey: queue) }
        var message = Message(content, exchange: names.delay, routingKey: queue)
        let rung = Topology.rung(for: delay)
        message.rung = rung
        if delay > .seconds(rung) { message.notBefore = now + delay }
        return message
    }

    private static func content(of delivery: Delivery) -> Message.Content? {
        switch delivery.content {
        case .success(let event):
            return .event(event)
        case .failure:
            guard let foreign = (delivery.source as? Hold)?.foreign(of: delivery) else { return nil }
            return .foreign(contentType: foreign.contentType, body: foreign.body)
        }
    }
}

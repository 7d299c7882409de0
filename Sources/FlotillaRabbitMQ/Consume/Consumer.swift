// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ
internal import FlotillaEngine
internal import FlotillaModel

/// One subscription as the consuming connection has it: a channel of its own. Its channel comes and goes with the connection, with the
/// queue, and with the bytes that are held; the consumer stays until its subscription is cancelled and all that was received is settled.
final class Consumer {
    enum Stage: Equatable {
        /// No channel: the connection or the queue is away.
        case waiting
        case consuming
        /// The broker was told to stop; what it sent before it heard of it is still on its way.
        case stopping
        /// The channel is open, and nothing new comes: too many bytes are held, or the subscription was cancelled.
        case quiet
    }

    let number: Int
    let channel: UInt16
    let subscription: RabbitSubscription
    let queueName: String
    private(set) var stage = Stage.waiting
    private(set) var hold: Hold?
    /// Counts how often it began to consume: see `tag`.
    private var round = 0
    private var window = AckWindow()
    private var assembly = Assembly()
    private var heldBytes = 0
    private var appetite: Appetite
    /// What was given back has not been told yet.
    private(set) var hasReturns = false
    var isLeaving = false
    /// Somebody will try again to consume.
    var isAwaitingRetry = false
    /// How often in a row the connection was lost while this one began: a queue without a leader does not answer, and takes along those that do.
    private(set) var losses = 0
    /// Why it does not consume although the connection is there.
    private(set) var trouble: String?

    init(number: Int, channel: UInt16, subscription: RabbitSubscription, queueName: String) {
        self.number = number
        self.channel = channel
        self.subscription = subscription
        self.queueName = queueName
        appetite = Appetite(most: subscription.prefetch)
    }

    var held: Int { window.held }

    /// Opens the channel and consumes.
    func begin(on link: Link, for consumers: Consumers) throws(LinkFailure) {
        drop()
        try link.openChannel(channel)
        hold = Hold(consumers: consumers, consumer: number)
        do throws(LinkFailure) {
            try consume(on: link)
            trouble = nil
            losses = 0
        } catch {
            if error.kind == .lost { losses += 1 }
            hold = nil
            trouble = error.description
            throw error
        }
    }

    private func consume(on link: Link) throws(LinkFailure) {
        round += 1
        let prefetch = UInt16(clamping: appetite.next(held: window.held))
        try link.ask("setting the prefetch", on: channel) { _ = amqp_basic_qos($0, channel, 0, prefetch, 0) }
        try link.ask("consuming \(subscription.queue)", on: channel) { handle in
            text(tag) { tag in
                text(queueName) { name in
                    _ = amqp_basic_consume(handle, channel, name, tag, 0, 0, 0, amqp_empty_table)
                }
            }
        }
        stage = .consuming
    }

    /// Never the same one twice on a channel: while something is held, a replicated queue takes a consumer of the same tag for the one
    /// before, and its channel loses count of what it was sent: some comes twice, some not before the channel is closed.
    private var tag: String { "flotilla-\(number)-\(round)" }

    /// Takes no more for now; what is held stays held. The answer is not waited for: what comes before it, a whole prefetch of large
    /// bodies, would be kept in memory meanwhile. So it is received one by one, and given back.
    func stop(on link: Link) throws(LinkFailure) {
        guard stage == .consuming else { return }
        stage = .stopping
        try link.send("cancelling") { handle in
            text(tag) { tag in
                var cancel = amqp_basic_cancel_t(consumer_tag: tag, nowait: 0)
                return amqp_send_method(handle, channel, flotilla_basic_cancel, &cancel)
            }
        }
    }

    /// The broker has stopped the consumer of this tag.
    func stopped(_ tag: amqp_bytes_t, on link: Link) throws(LinkFailure) {
        guard stage == .stopping, HeaderTable.text(tag) == self.tag else { return }
        stage = .quiet
        try goOn(on: link)
    }

    private func goOn(on link: Link) throws(LinkFailure) {
        if stage == .quiet, !isLeaving, heldBytes < Appetite.byteLimit / 2 { try consume(on: link) }
    }

    /// The channel is gone, and with it everything that was held over it.
    func drop(because why: String? = nil) {
        if stage != .waiting { subscription.forget() }
        stage = .waiting
        hold = nil
        window = AckWindow()
        assembly = Assembly()
        heldBytes = 0
        hasReturns = false
        if let why { trouble = why }
    }

    func receive(_ frame: amqp_frame_t, on link: Link, late: (Delivery, Timestamp) -> Bool) throws(LinkFailure) {
        // Frames of a channel that is gone may still stand in librabbitmq's queue.
        guard let hold, let message = try assembly.take(frame) else { return }
        guard window.deliver(message.number) else { throw .lost("the broker numbered its deliveries out of order") }
        // Too late: the broker had not yet heard that it should stop.
        guard stage == .consuming || heldBytes <= Appetite.byteLimit else {
            window.settle(message.number, .givenBack)
            hasReturns = true
            return
        }
        let tag = Int64(bitPattern: message.number)
        let content = message.head.content(message.body)
        if case .failure = content {
            hold.keep(Hold.Foreign(contentType: message.head.contentType, body: message.body), of: tag)
        }
        let delivery = Delivery(
            queue: subscription.queue, content: content, passage: message.head.passage, accepted: message.head.accepted, tag: tag,
            source: hold)
        heldBytes += Hold.size(bytes: message.body.count)
        if let moment = message.head.notBefore, late(delivery, moment) { return }
        subscription.accept(delivery)
        if heldBytes > Appetite.byteLimit {
            if stage == .consuming { appetite.isFull(held: window.held) }
            try stop(on: link)
        } else if stage == .consuming, appetite.took(bytes: message.body.count, held: window.held) {
            // Goes on with more.
            try stop(on: link)
        }
    }

    func settle(_ settled: Settled) {
        window.settle(settled.number, settled.verdict)
        heldBytes -= settled.size
    }

    /// Tells the broker what was settled, and goes on where the bytes had stopped it.
    func flush(on link: Link) throws(LinkFailure) {
        hasReturns = false
        for frame in window.flush() {
            try link.send("settling") { handle in
                switch frame {
                case .acknowledge(let number, let multiple): amqp_basic_ack(handle, channel, number, multiple ? 1 : 0)
                case .giveBack(let number): amqp_basic_reject(handle, channel, number, 1)
                }
            }
        }
        try goOn(on: link)
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ
internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime
internal import Synchronization

/// The consuming connection: made with its broker, ended by `close`. Each subscription has a channel on it. It is apart from the
/// publishing one: a broker that is short of memory stops reading from those who publish, and acknowledgements must get through.
///
/// Sendable because only the thread of the loop touches what is mutable here, but for the inbox, the trouble and the mark of use, which have locks or are atomic.
final class Consumers: LineRole, @unchecked Sendable {
    private let loop: Loop
    private let door: Door
    private let line: Line
    private let clock: any WallClock
    private let inbox = SettleInbox()
    private var consumers: [Int: Consumer] = [:]
    private var byChannel: [UInt16: Consumer] = [:]
    private var nextNumber = 1
    private var isClosed = false
    /// Sends a delivery that came too early on its way again.
    private let postpone: @Sendable (Delivery, Timestamp) -> Void
    private let trouble = Mutex<String?>(nil)
    /// Somebody has subscribed: what only publishes is not ill when this connection is.
    private let isUsed = Atomic(false)

    static let retryPause = Duration.seconds(1)
    static let callLimit = Duration.seconds(20)

    init(line: Line, loop: Loop, clock: any WallClock, postpone: @escaping @Sendable (Delivery, Timestamp) -> Void) {
        self.line = line
        self.loop = loop
        door = Door(loop)
        self.clock = clock
        self.postpone = postpone
        line.role = self
    }

    // MARK: From any task

    /// Begun at once when the connection is there, and otherwise as soon as it is. Throws when there is no such queue.
    func add(_ subscription: RabbitSubscription, queueName: String) async throws {
        isUsed.store(true, ordering: .relaxed)
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let posted = door.post {
                do {
                    try self.begin(subscription, queueName)
                    continuation.resume()
                } catch {
                    continuation.resume(throwing: error)
                }
            }
            if !posted { continuation.resume(throwing: BrokerFailure(.away, "the broker is closed")) }
        }
    }

    /// Calls `body` when nothing is handed to it any more.
    func leave(_ subscription: RabbitSubscription, _ body: @escaping @Sendable () -> Void) {
        let posted = door.post {
            self.end(subscription)
            body()
        }
        if !posted { body() }
    }

    func settle(_ settled: Settled) {
        if inbox.put(settled) { door.post { self.turn() } }
    }

    /// How many deliveries of each queue this process holds.
    func heldByQueue() async -> [String: Int] {
        await withCheckedContinuation { continuation in
            let posted = door.post {
                var held: [String: Int] = [:]
                for consumer in self.consumers.values { held[consumer.subscription.queue, default: 0] += consumer.held }
                continuation.resume(returning: held)
            }
            if !posted { continuation.resume(returning: [:]) }
        }
    }

    var ailment: String? { isUsed.load(ordering: .relaxed) ? line.watch.ailment ?? trouble.withLock { $0 } : nil }

    /// Called from outside again and again: its own thread may be stuck.
    func watchOver() { line.watch.end(ifBusyFor: Self.callLimit) }

    func start() { door.post { self.line.start() } }

    /// Waiting subscriptions end; what was settled is told to the broker before, as far as it is there.
    func close() async {
        await door.close {
            self.turn()
            self.endAll()
        }
    }

    /// Ends the socket as a killed process does.
    func cut() { line.watch.cut() }

    // MARK: On the loop

    private func begin(_ subscription: RabbitSubscription, _ queueName: String) throws {
        guard !isClosed else { return subscription.end() }
        guard let channel = (UInt16(1)...2047).first(where: { byChannel[$0] == nil }) else {
            throw BrokerFailure(.refused, "there are too many subscriptions in this process")
        }
        let consumer = Consumer(number: nextNumber, channel: channel, subscription: subscription, queueName: queueName)
        nextNumber += 1
        consumers[consumer.number] = consumer
        byChannel[channel] = consumer
        guard line.link != nil else { return }
        var missing: LinkFailure?
        line.guarded { link throws(LinkFailure) in
            do throws(LinkFailure) {
                try consumer.begin(on: link, for: self)
            } catch {
                guard error.kind != .lost else { throw error }
                missing = error
            }
        }
        if let missing {
            remove(consumer)
            throw BrokerFailure(missing.isMissing || missing.isForbidden ? .refused : .away, missing.description)
        }
        drainBuffered()
    }

    private func end(_ subscription: RabbitSubscription) {
        guard let consumer = consumers.values.first(where: { $0.subscription === subscription }), !consumer.isLeaving else { return }
        consumer.isLeaving = true
        line.guarded { link throws(LinkFailure) in try consumer.stop(on: link) }
        drainBuffered()
        turn()
        removeIfDone(consumer)
        // What came while its channel was closed must not be taken for what comes over the next one of the same number.
        drainBuffered()
    }

    private func turn() {
        var touched: Set<Int> = []
        for settled in inbox.take() {
            guard let consumer = consumers[settled.hold.consumer], consumer.hold === settled.hold else { continue }
            consumer.settle(settled)
            touched.insert(consumer.number)
        }
        guard !touched.isEmpty else { return }
        line.guarded { link throws(LinkFailure) in
            for number in touched {
                if let consumer = consumers[number], consumer.stage != .waiting { try flush(consumer, on: link) }
            }
        }
        for number in touched {
            if let consumer = consumers[number] { removeIfDone(consumer) }
        }
        drainBuffered()
    }

    /// What was received is still settled by its receiver, over the channel that it came over.
    private func removeIfDone(_ consumer: Consumer) {
        guard consumer.isLeaving, consumer.held == 0 || consumer.stage == .waiting else { return }
        if consumer.stage != .waiting { line.guarded { link throws(LinkFailure) in try link.closeChannel(consumer.channel) } }
        remove(consumer)
    }

    private func remove(_ consumer: Consumer) {
        consumers[consumer.number] = nil
        byChannel[consumer.channel] = nil
        report()
    }

    private func drainBuffered() {
        if line.link?.hasBuffered ?? false { line.drain() }
    }

    private func endAll() {
        isClosed = true
        for consumer in consumers.values { consumer.subscription.end() }
        consumers = [:]
        byChannel = [:]
        line.close()
    }

    // MARK: Line

    func opened(_ link: Link) throws(LinkFailure) {
        for consumer in consumers.values.sorted(by: { $0.number < $1.number }) {
            // Apart from the others, which are at work meanwhile.
            if consumer.losses > 0 { retry(consumer) } else { try resume(consumer, on: link) }
        }
    }

    /// A queue that is not there, or not yet again, is asked for again and again: the others go on.
    private func resume(_ consumer: Consumer, on link: Link) throws(LinkFailure) {
        do throws(LinkFailure) {
            try consumer.begin(on: link, for: self)
        } catch {
            guard error.kind != .lost else { throw error }
            retry(consumer)
        }
        report()
    }

    private func retry(_ consumer: Consumer) {
        // One at a time, however often the connection comes back while the queue is missing.
        guard !consumer.isAwaitingRetry else { return }
        consumer.isAwaitingRetry = true
        let pause = Self.retryPause * (1 << min(max(0, consumer.losses - 1), 6))
        _ = loop.schedule(after: pause) { [weak self, weak consumer] in
            consumer?.isAwaitingRetry = false
            guard let self, let consumer, consumers[consumer.number] === consumer, consumer.stage == .waiting else { return }
            line.guarded { link throws(LinkFailure) in try self.resume(consumer, on: link) }
            drainBuffered()
        }
    }

    private func report() {
        let first = consumers.values.compactMap(\.trouble).min()
        trouble.withLock { $0 = first }
    }

    func resumed() {}

    func lost(_ why: String) {
        for consumer in consumers.values {
            consumer.drop()
            removeIfDone(consumer)
        }
    }

    func received(_ frame: amqp_frame_t, on link: Link) throws(LinkFailure) {
        guard let consumer = byChannel[frame.channel] else { return }
        guard frame.frame_type == UInt8(AMQP_FRAME_METHOD), frame.payload.method.id != flotilla_basic_deliver else {
            return try consumer.receive(frame, on: link) { delivery, moment in
                guard moment > clock.now else { return false }
                postpone(delivery, moment)
                return true
            }
        }
        switch frame.payload.method.id {
        case flotilla_channel_close:
            let why = frame.payload.method.decoded(as: amqp_channel_close_t.self).map { LinkFailure.words($0.reply_text) }
            try link.confirmClosed(frame.channel)
            lose(consumer, why ?? "the broker closed the channel")
        case flotilla_basic_cancel_ok:
            let answer = frame.payload.method.decoded(as: amqp_basic_cancel_ok_t.self)
            do throws(LinkFailure) {
                if let answer { try consumer.stopped(answer.consumer_tag, on: link) }
            } catch {
                guard error.kind != .lost else { throw error }
                lose(consumer, error.description)
            }
        case flotilla_basic_cancel:
            try link.closeChannel(frame.channel)
            lose(consumer, "the broker ended the consumer of \(consumer.subscription.queue): its queue was deleted or moved")
        default:
            break
        }
    }

    /// Where it can't go on, its queue was deleted meanwhile: the others do.
    private func flush(_ consumer: Consumer, on link: Link) throws(LinkFailure) {
        do throws(LinkFailure) {
            try consumer.flush(on: link)
        } catch {
            guard error.kind != .lost else { throw error }
            lose(consumer, error.description)
        }
    }

    private func lose(_ consumer: Consumer, _ why: String) {
        consumer.drop(because: why)
        line.notice("the channel of \(consumer.subscription.queue) was closed, and what is held over it is delivered again: \(why)")
        if consumer.isLeaving { remove(consumer) } else { retry(consumer) }
        report()
    }

    func drained(_ link: Link) throws(LinkFailure) {
        for consumer in consumers.values where consumer.hasReturns { try flush(consumer, on: link) }
        // What came while a consumer went on: the socket does not tell of it again.
        if link.hasBuffered { door.post { self.drainBuffered() } }
    }
}

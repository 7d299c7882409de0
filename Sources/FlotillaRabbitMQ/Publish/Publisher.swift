// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ
internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime

/// A publishing connection: made with its broker, ended by `close`. Owns its Loop, because a publish blocks without a deadline when
/// the broker stops reading.
///
/// The journal has a channel of its own: when the leader of its stream changes, the broker (3.10) sends anew what it had not written, by
/// the channel's numbers, which are the stream's only if nothing else is published there. What came between would be confirmed and not
/// written.
/// A lost connection fails what was unconfirmed: whether it arrived is known to nobody, and it is never silently repeated.
///
/// Sendable because only the thread of the loop touches what is mutable here, but for the inbox, which has a lock.
final class Publisher: LineRole, @unchecked Sendable {
    private let loop: Loop
    private let door: Door
    private let inbox = PublishInbox()
    private let line: Line
    private let limits: PublishLimits
    private let names: Names
    private let clock: any WallClock
    private let writer = MessageWriter(frameLimit: Int(Link.frameSize))
    private var windows = [UInt16: ConfirmWindow<Unconfirmed>]()
    /// Taken and not sent yet. Whoever gives up waiting takes its messages along: a broker that is away, or that takes nothing more, must
    /// not fill the memory.
    private var backlog = Fifo<PublishInbox.Item>()
    /// When the broker last answered for a channel: monotonic nanoseconds.
    private var heard = [UInt16: UInt64]()
    private var isWatched = false
    /// Channels that are made anew as soon as nothing is on its way over them, since when, and when that was done last.
    private var doubted = [UInt16: UInt64]()
    private var renewed = [UInt16: UInt64]()
    private var unconfirmed = 0
    private var bytes = 0
    /// Confirmed as a whole, and not in the journal yet.
    private var unjournaled: [Publication] = []

    private static let messages: UInt16 = 1
    private static let journal: UInt16 = 2
    private static let channels = [messages, journal]
    private static let renewalPause = Duration.seconds(1)
    /// How many messages may have been sent after one that nobody waits for any more and that is not confirmed.
    private static let longestSpan = 65_536

    init(line: Line, loop: Loop, names: Names, limits: PublishLimits, clock: any WallClock) {
        self.line = line
        self.loop = loop
        door = Door(loop)
        self.names = names
        self.limits = limits
        self.clock = clock
        line.role = self
    }

    func start() { door.post { self.line.start() } }

    func close() async {
        inbox.close(BrokerFailure(.away, "the broker is closed"))
        await door.close { self.line.close() }
    }

    /// Ends the socket as a killed process does.
    func cut() { line.watch.cut() }

    var ailment: String? { line.watch.ailment }
    var isBlocked: Bool { line.watch.isBlocked }

    // MARK: From any task

    func publish(_ messages: [Message], journaled: [Event] = [], _ completion: @escaping Publication.Completion) {
        let deadline = MonotonicClock.now &+ limits.patience.inNanoseconds
        let publication = Publication(count: messages.count, deadline: deadline, journaled: journaled, completion)
        switch inbox.put(publication, messages) {
        case .schedule: door.post { self.turn() }
        case .scheduled: break
        case .closed: publication.end(.failure(BrokerFailure(.away, "the broker is closed")))
        }
    }

    /// Called from outside again and again: its own thread may be stuck.
    func watchOver() {
        let why = line.watch.ailment ?? "the broker did not confirm in time"
        if inbox.expire(now: MonotonicClock.now, BrokerFailure(.away, why)) {
            door.post { self.backlog.removeAll { $0.publication.isOver } }
        }
        line.watch.end(ifBusyFor: limits.patience)
    }

    // MARK: On the loop

    private func turn() {
        for item in inbox.take() { backlog.append(item) }
        pump()
    }

    /// Publishes what waits, as far as the limits let it.
    private func pump() {
        guard line.isOpen else { return }
        // A queue without a leader confirms nothing for as long as that lasts: it must not stop what goes to others, and what is confirmed
        // behind it must not be remembered for ever.
        if isFull || windows.values.contains(where: { $0.span > Self.longestSpan }),
            windows.values.contains(where: { $0.oldest?.purpose.isOver ?? false })
        {
            return line.watch.cut()
        }
        line.guarded { link throws(LinkFailure) in
            guard doubted[Self.messages] == nil else { return }
            guard !isFull, !backlog.isEmpty else { return }
            try link.together { () throws(LinkFailure) in
                while !isFull, let item = backlog.popFirst() {
                    if !item.publication.isOver { try send(item.message, for: .message(item.publication), on: link) }
                }
            }
        }
        if line.link?.hasBuffered ?? false { line.drain() }
    }

    private var isFull: Bool { unconfirmed >= limits.unconfirmed || bytes >= limits.unconfirmedBytes }

    /// A channel over which nothing is confirmed any more, though the broker says nothing of it, takes the connection with it, and what was
    /// published over it fails: one that was opened while a queue had lost its leader hangs at the broker (3.10) for more than a minute.
    private func watchForSilence() {
        guard !isWatched else { return }
        isWatched = true
        _ = loop.schedule(after: limits.silence / 4) { [weak self] in
            guard let self else { return }
            isWatched = false
            guard unconfirmed > 0 else { return }
            let past = MonotonicClock.now &- limits.silence.inNanoseconds
            let silent = windows.contains { channel, window in
                window.oldest.map { $0.sent < past && (self.heard[channel] ?? 0) < past } ?? false
            }
            if silent, line.isOpen {
                line.guarded { _ throws(LinkFailure) in throw .lost("the broker confirms nothing any more") }
            }
            if unconfirmed > 0 { watchForSilence() }
        }
    }

    private func send(_ message: Message, for purpose: Unconfirmed.Purpose, on link: Link) throws(LinkFailure) {
        let body = message.body
        let channel = if case .journal = purpose { Self.journal } else { Self.messages }
        let exchange: amqp_bytes_t
        let key: amqp_bytes_t
        do {
            try writer.write(message)
            exchange = try writer.keep(message.exchange)
            key = try writer.keep(message.routingKey)
        } catch {
            return fail(purpose, BrokerFailure(.refused, "its headers are larger than a broker takes"))
        }
        guard key.len <= 255 else { return fail(purpose, BrokerFailure(.refused, "its type is longer than a broker takes")) }
        unconfirmed += 1
        bytes += body.count
        windows[channel, default: ConfirmWindow()].append(
            Unconfirmed(
                purpose: purpose, exchange: message.exchange, routingKey: message.routingKey, size: body.count, sent: MonotonicClock.now))
        watchForSilence()
        // Last: what can't be sent is lost with the connection, and fails with all that is on its way.
        let method = amqp_basic_publish_t(ticket: 0, exchange: exchange, routing_key: key, mandatory: 1, immediate: 0)
        try body.withUnsafeBufferPointer { body throws(LinkFailure) in
            let bytes = amqp_bytes_t(len: body.count, bytes: UnsafeMutableRawPointer(mutating: UnsafeRawPointer(body.baseAddress)))
            try link.publish(method, writer.properties, bytes, on: channel)
        }
    }

    private func fail(_ purpose: Unconfirmed.Purpose, _ failure: BrokerFailure) {
        switch purpose {
        case .message(let publication): publication.end(.failure(failure))
        case .journal(let publications): for publication in publications { publication.end(.failure(failure)) }
        }
    }

    // MARK: Line

    func opened(_ link: Link) throws(LinkFailure) {
        writer.fit(frameLimit: link.frameLimit)
        for channel in Self.channels { try open(channel, on: link) }
    }

    private func open(_ channel: UInt16, on link: Link) throws(LinkFailure) {
        try link.openChannel(channel)
        try link.ask("asking for confirms", on: channel) { _ = amqp_confirm_select($0, channel) }
        windows[channel] = ConfirmWindow()
    }

    func resumed() {
        // What was held up until now could not be confirmed.
        for channel in Self.channels { heard[channel] = MonotonicClock.now }
        pump()
        line.drain()
    }

    func lost(_ why: String) {
        let failure = BrokerFailure(.away, "the connection was lost before the confirm: \(why)")
        for channel in Self.channels { failAll(on: channel, failure) }
        for publication in unjournaled { publication.end(.failure(failure)) }
        unjournaled = []
        doubted = [:]
    }

    private func failAll(on channel: UInt16, _ failure: BrokerFailure, largest: BrokerFailure? = nil) {
        guard let unknown = windows[channel]?.removeAll() else { return }
        let most = unknown.map(\.size).max()
        unconfirmed -= unknown.count
        for pending in unknown {
            bytes -= pending.size
            fail(pending.purpose, pending.size == most ? largest ?? failure : failure)
        }
    }

    func received(_ frame: amqp_frame_t, on link: Link) throws(LinkFailure) {
        // The content of what was returned is not looked at: where it was sent is enough.
        guard frame.frame_type == UInt8(AMQP_FRAME_METHOD) else { return }
        let method = frame.payload.method
        switch method.id {
        case flotilla_basic_ack:
            if let ack = method.decoded(as: amqp_basic_ack_t.self) {
                settle(frame.channel, ack.delivery_tag, multiple: ack.multiple != 0, isTaken: true)
            }
        case flotilla_basic_nack:
            if let nack = method.decoded(as: amqp_basic_nack_t.self) {
                settle(frame.channel, nack.delivery_tag, multiple: nack.multiple != 0, isTaken: false)
            }
        case flotilla_basic_return:
            if let returned = method.decoded(as: amqp_basic_return_t.self) { mark(returned, on: frame.channel) }
        case flotilla_channel_close:
            let close = method.decoded(as: amqp_channel_close_t.self)
            let why = close.map { LinkFailure.words($0.reply_text) } ?? "the broker closed the channel"
            try link.confirmClosed(frame.channel)
            // A message that is larger than the broker takes can't be published later, either. Which one it was is not said: the
            // largest is too large in any case; its neighbours may well be taken the next time.
            let tooLarge = limits.isForLarge && close.map { Int32($0.reply_code) } == AMQP_PRECONDITION_FAILED
            failAll(on: frame.channel, BrokerFailure(.away, why), largest: tooLarge ? BrokerFailure(.refused, why) : nil)
            try open(frame.channel, on: link)
        default:
            break
        }
    }

    /// It comes before the ack of the same message, and does not say which it was. Everything that goes the same way is marked: what
    /// fails though it was routed comes twice, what was returned is never taken for routed.
    private func mark(_ returned: amqp_basic_return_t, on channel: UInt16) {
        let exchange = HeaderTable.text(returned.exchange)
        let routingKey = HeaderTable.text(returned.routing_key)
        windows[channel]?.update { pending in
            if pending.exchange == exchange, pending.routingKey == routingKey { pending.isReturned = true }
        }
    }

    private func settle(_ channel: UInt16, _ number: UInt64, multiple: Bool, isTaken: Bool) {
        var ended: [Unconfirmed] = []
        windows[channel]?.settle(number, multiple: multiple) { ended.append($0) }
        heard[channel] = MonotonicClock.now
        unconfirmed -= ended.count
        for pending in ended {
            bytes -= pending.size
            if !isTaken { doubt(channel) }
            if pending.isReturned {
                fail(pending.purpose, BrokerFailure(.away, "no queue took it: the fleet's exchanges and queues are not as declared"))
            } else if !isTaken {
                fail(pending.purpose, BrokerFailure(.away, "the broker did not take it"))
            } else {
                confirm(pending.purpose)
            }
        }
    }

    /// A channel that began to publish while a queue had lost its leader's node refuses everything for that queue, at once, for as long as
    /// the node is away (3.10): only a new channel looks for the new leader. Not all the time: a queue may have its reasons.
    private func doubt(_ channel: UInt16) {
        let now = MonotonicClock.now
        guard doubted[channel] == nil, now &- (renewed[channel] ?? 0) > Self.renewalPause.inNanoseconds else { return }
        doubted[channel] = now
        _ = loop.schedule(after: Self.renewalPause) { [weak self] in self?.line.drain() }
    }

    private func renew(on link: Link) throws(LinkFailure) {
        let now = MonotonicClock.now
        for (channel, since) in doubted {
            guard windows[channel]?.count == 0 else {
                // Nothing is sent meanwhile. A channel of the same number would take late answers for its own.
                if now &- since >= Self.renewalPause.inNanoseconds {
                    throw .lost("the broker refuses one message and does not answer for another")
                }
                continue
            }
            try link.closeChannel(channel)
            try open(channel, on: link)
            doubted[channel] = nil
            renewed[channel] = now
        }
    }

    private func confirm(_ purpose: Unconfirmed.Purpose) {
        switch purpose {
        case .message(let publication):
            guard publication.confirm() else { return }
            if publication.journaled.isEmpty { publication.end(.success(())) } else { unjournaled.append(publication) }
        case .journal(let publications):
            for publication in publications where publication.confirm() { publication.end(.success(())) }
        }
    }

    func drained(_ link: Link) throws(LinkFailure) {
        guard line.isOpen else { return }
        if !doubted.isEmpty { try renew(on: link) }
        if !unjournaled.isEmpty, doubted[Self.journal] == nil {
            try link.together { () throws(LinkFailure) in
                for (entry, part) in JournalBatches.make(unjournaled.filter { !$0.isOver }, now: clock.now) {
                    try send(Message(.journal(entry), exchange: "", routingKey: names.journal), for: .journal(part), on: link)
                }
            }
            unjournaled = []
        }
        // What came while a channel was made anew: the socket does not tell of it again.
        if link.hasBuffered { door.post { self.line.drain() } }
        if !backlog.isEmpty { door.post { self.pump() } }
    }
}

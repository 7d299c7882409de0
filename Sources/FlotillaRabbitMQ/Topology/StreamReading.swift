// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ
internal import FlotillaModel
internal import FlotillaRuntime

/// Reads a stream from a place in it, each time on a channel of its own. A stream never ends by itself: whoever reads it says when.
struct StreamReading {
    enum Start {
        case first
        /// Some of the newest, the last of all among them.
        case newest
        case offset(Int64)
        /// A little before it, since a stream is cut into chunks.
        case moment(Timestamp)

        fileprivate var argument: Topology.Argument {
            switch self {
            case .first: Topology.Argument(Self.name, "first")
            case .newest: Topology.Argument(Self.name, "last")
            case .offset(let offset): Topology.Argument(Self.name, offset)
            case .moment(let moment): Topology.Argument(Self.name, moment)
            }
        }

        private static let name = "x-stream-offset"
    }

    /// Valid for the time of the call that it is given to.
    struct Item {
        let offset: Int64
        let headers: HeaderTable
        let body: UnsafeRawBufferPointer

        init(_ envelope: amqp_envelope_t) {
            headers = HeaderTable(envelope.message.properties)
            body = HeaderTable.buffer(envelope.message.body)
            offset = headers.value(of: HeaderNames.streamOffset).flatMap(HeaderTable.number) ?? 0
        }
    }

    private let link: Link
    /// How many may be on their way: of messages of a megabyte they must not fill the memory.
    private static let prefetch: UInt16 = 50
    /// How long the first message of a stream that has any may take, and how long a pause of those behind it is at least.
    private static let patience: Int32 = 2000
    private static let pause: Int32 = 150
    /// A broker that was slow with the first one may be as slow with those behind it.
    private static let slowness = 10

    init(_ link: Link) {
        self.link = link
    }

    /// Until `body` says that it has seen enough. False when nothing came at all.
    func read(_ queue: String, from start: Start = .first, _ body: (Item) throws -> Bool) throws -> Bool {
        let channel = try open(queue, start)
        var goesOn = try next(queue, channel, within: Self.patience, body)
        let isEmpty = goesOn == nil
        while goesOn == true {
            goesOn = try next(queue, channel, within: Link.answerSeconds * 1000, body)
            guard goesOn != nil else { throw LinkFailure.lost("reading \(queue): the broker delivers no more of it") }
        }
        // What is still on its way goes with the channel.
        try link.closeChannel(channel)
        return !isEmpty
    }

    /// The offset of the last message as it is now, nil when there is none. The broker does not tell it: the newest messages are read
    /// until no more come.
    func end(of queue: String) throws -> Int64? {
        let begin = MonotonicClock.now
        let channel = try open(queue, .newest)
        var last: Int64?
        var pause = Self.pause
        // Under load there is always one more; where it is left then is later than where it was begun.
        var left = 20_000
        while left > 0 {
            let offset = try next(queue, channel, within: last == nil ? Self.patience : pause) { $0.offset }
            guard let offset else { break }
            if last == nil {
                let took = Int32(clamping: (MonotonicClock.now &- begin) / 1_000_000)
                pause = min(max(Self.pause, took * Int32(Self.slowness)), Self.patience)
            }
            last = max(last ?? offset, offset)
            left -= 1
        }
        try link.closeChannel(channel)
        if last == nil, try (Declaring(link).look(at: queue)?.ready ?? 0) > 0 {
            throw LinkFailure.lost("reading \(queue): the broker delivers nothing of it")
        }
        return last
    }

    /// The channel that it is read on.
    private func open(_ queue: String, _ start: Start) throws -> UInt16 {
        let channel = link.freshChannel()
        try link.openChannel(channel)
        try link.ask("setting the prefetch", on: channel) { _ = amqp_basic_qos($0, channel, 0, Self.prefetch, 0) }
        try link.ask("reading \(queue)", on: channel) { handle in
            text(queue) { queue in
                ArgumentTable.with([start.argument]) {
                    _ = amqp_basic_consume(handle, channel, queue, amqp_empty_bytes, 0, 0, 0, $0)
                }
            }
        }
        return channel
    }

    private func next<Value>(_ queue: String, _ channel: UInt16, within limit: Int32, _ body: (Item) throws -> Value) throws -> Value? {
        try link.consume(on: channel, withinMilliseconds: limit) { envelope in
            let value = try body(Item(envelope))
            try link.send("reading \(queue)") { amqp_basic_ack($0, channel, envelope.delivery_tag, 0) }
            return value
        }
    }
}

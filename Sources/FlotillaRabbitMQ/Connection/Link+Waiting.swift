// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ
internal import FlotillaEngine
internal import FlotillaRuntime
internal import Glibc

/// Calls that wait for what the broker sends, each with a deadline: for the setup connection, which does one thing at a time.
extension Link {
    /// The next delivery on this channel, if it comes in so short a time. What is left over from another channel is passed over.
    func consume<Value>(
        on channel: UInt16, withinMilliseconds limit: Int32, _ body: (amqp_envelope_t) throws -> Value
    ) throws -> Value? {
        while true {
            guard let handle else { throw LinkFailure.lost("the connection is closed") }
            var envelope = amqp_envelope_t()
            var limit = flotilla_milliseconds(limit)
            amqp_maybe_release_buffers(handle)
            let reply = amqp_consume_message(handle, &envelope, &limit, 0)
            if reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION, reply.library_error == AMQP_STATUS_TIMEOUT.rawValue { return nil }
            guard reply.reply_type == AMQP_RESPONSE_NORMAL else { throw Self.failure(reply, "waiting for a delivery") }
            defer { amqp_destroy_envelope(&envelope) }
            if envelope.channel == channel { return try body(envelope) }
        }
    }

    /// Everything of a queue that comes over this channel is held until it is closed.
    func look(into name: String, on channel: UInt16, prefetch: UInt16) throws {
        try openChannel(channel)
        try ask("setting the prefetch", on: channel) { _ = amqp_basic_qos($0, channel, 0, prefetch, 0) }
        try ask("looking into \(name)", on: channel) { handle in
            text(name) { name in
                text(Self.looker) { _ = amqp_basic_consume(handle, channel, name, $0, 0, 0, 0, amqp_empty_table) }
            }
        }
    }

    /// Nothing more comes over the channel; what came is held still.
    func lookNoMore(on channel: UInt16) throws {
        try ask("looking no more", on: channel) { handle in text(Self.looker) { _ = amqp_basic_cancel(handle, channel, $0) } }
    }

    /// Acknowledges some of the messages that `look` brought over a channel, the numbers 1 to `count`, and returns when the broker has
    /// heard it: between `lookNoMore` and the closing of the channel.
    ///
    /// A quorum queue takes at most 32 acknowledgements from a channel at a time; the others wait in the channel, and are lost when that is
    /// closed. So the first of the messages that stay is given back behind them: when it is ready again, they are through, and it stands
    /// before the others, which follow it when the channel is closed. Where none stays, one acknowledgement is for all.
    func letGo(_ numbers: [UInt64], of count: UInt64, on channel: UInt16, from name: String) throws {
        guard !numbers.isEmpty, count > 0 else { return }
        let gone = Set(numbers)
        guard let staying = (1...count).first(where: { !gone.contains($0) }) else {
            return try send("letting go of letters") { amqp_basic_ack($0, channel, count, 1) }
        }
        let declaring = Declaring(self)
        let before = try declaring.look(at: name)?.ready ?? 0
        for number in numbers { try send("letting go of a letter") { amqp_basic_ack($0, channel, number, 0) } }
        try send("giving back a letter") { amqp_basic_nack($0, channel, staying, 0, 1) }
        // Somebody else who looks may have got it: then there is only the time.
        try declaring.await(ready: before + 1, in: name, within: Self.returnLimit)
    }

    private static var looker: String { "look" }
    private static var returnLimit: Duration { .seconds(3) }

    /// The largest message that the broker takes, if that is less than so many bytes: found out by sending one that goes nowhere.
    func messageLimit(below wanted: Int, on channel: UInt16) throws -> Int? {
        try openChannel(channel)
        let body = [UInt8](repeating: 0, count: wanted)
        try send("trying a large message") { handle in
            body.withUnsafeBytes { body in
                let bytes = amqp_bytes_t(len: body.count, bytes: UnsafeMutableRawPointer(mutating: body.baseAddress))
                return text("flotilla.nowhere") { amqp_basic_publish(handle, channel, amqp_empty_bytes, $0, 0, 0, nil, bytes) }
            }
        }
        do throws(LinkFailure) {
            try closeChannel(channel)
            return nil
        } catch {
            guard error.isDifferent else { throw error }
            try confirmClosed(channel)
            // "message size 1 is larger than configured max size 0"
            return error.description.split(separator: " ").last.flatMap { Int($0) }.flatMap { $0 < wanted ? $0 : nil } ?? wanted - 1
        }
    }

    /// Publishes all of them on a channel of their own, and returns when all are routed and confirmed.
    func publish(_ messages: [Message], on channel: UInt16) throws {
        guard !messages.isEmpty else { return }
        try openChannel(channel)
        try ask("asking for confirms", on: channel) { _ = amqp_confirm_select($0, channel) }
        let writer = MessageWriter(frameLimit: frameLimit)
        // Few at a time: nobody reads while we write.
        var rest = messages[...]
        var window = ConfirmWindow<Message>()
        while !rest.isEmpty {
            for message in rest.prefix(64) {
                do { try writer.write(message) } catch {
                    throw BrokerFailure(.refused, "its headers are larger than a broker takes")
                }
                try publish(message, writer, on: channel)
                window.append(message)
            }
            rest = rest.dropFirst(64)
            try confirms(of: &window, on: channel)
        }
        try closeChannel(channel)
    }

    private func publish(_ message: Message, _ writer: MessageWriter, on channel: UInt16) throws {
        let exchange = try writer.keep(message.exchange)
        let key = try writer.keep(message.routingKey)
        var properties = writer.properties
        try send("publishing") { handle in
            message.body.withUnsafeBytes { body in
                let bytes = amqp_bytes_t(len: body.count, bytes: UnsafeMutableRawPointer(mutating: body.baseAddress))
                return amqp_basic_publish(handle, channel, exchange, key, 1, 0, &properties, bytes)
            }
        }
    }

    private func confirms(of window: inout ConfirmWindow<Message>, on channel: UInt16) throws {
        while window.count > 0 {
            guard let handle else { throw LinkFailure.lost("the connection is closed") }
            var frame = amqp_frame_t()
            var limit = flotilla_seconds(Self.answerSeconds)
            let status = amqp_simple_wait_frame_noblock(handle, &frame, &limit)
            guard status == AMQP_STATUS_OK.rawValue else { throw LinkFailure.status("waiting for a confirm", status) }
            guard frame.frame_type == UInt8(AMQP_FRAME_METHOD), frame.channel == channel else { continue }
            let method = frame.payload.method
            guard method.id == flotilla_basic_ack, let ack = method.decoded(as: amqp_basic_ack_t.self) else {
                throw LinkFailure.lost("the broker did not take what was published")
            }
            window.settle(ack.delivery_tag, multiple: ack.multiple != 0) { _ in }
        }
    }
}

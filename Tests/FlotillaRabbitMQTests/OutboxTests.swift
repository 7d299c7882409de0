// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ
import FlotillaModel
import FlotillaRuntime
import Testing

@testable import FlotillaRabbitMQ

/// What leaves for the broker, read at the other end of a socket, frame by frame.
struct OutboxTests {
    private struct Frame {
        let kind: Int32
        let channel: Int
        let payload: [UInt8]
    }

    private static func event(_ number: Int) throws -> Event {
        try Event(
            id: "\(number)", source: "/hooks/t", type: "t.é", extensions: ["tenant": "語"],
            data: [UInt8](repeating: UInt8(number % 251), count: 1 + number * 7 % 2000))
    }

    /// True when it was taken.
    private static func put(_ event: Event, _ writer: MessageWriter, in outbox: Outbox, frameLimit: Int = 131_072) throws -> Bool {
        try writer.write(Message(.event(event), exchange: "e", routingKey: "k"))
        let method = amqp_basic_publish_t(
            ticket: 0, exchange: try writer.keep("e"), routing_key: try writer.keep("k"), mandatory: 1, immediate: 0)
        return event.data.withUnsafeBytes { body in
            let bytes = amqp_bytes_t(len: body.count, bytes: UnsafeMutableRawPointer(mutating: body.baseAddress))
            return outbox.take(method, writer.properties, bytes, on: 5, frameLimit: frameLimit)
        }
    }

    /// Nil where the bytes are no whole frames.
    private static func frames(_ bytes: [UInt8]) -> [Frame]? {
        var frames: [Frame] = []
        var rest = bytes[...]
        func number(_ range: Range<Int>) -> Int { rest.dropFirst(range.lowerBound).prefix(range.count).reduce(0) { $0 << 8 | Int($1) } }
        while !rest.isEmpty {
            let length = number(3..<7)
            guard rest.count >= length + 8, rest[rest.startIndex + length + 7] == 0xCE else { return nil }
            let payload = Array(rest.dropFirst(7).prefix(length))
            frames.append(Frame(kind: Int32(number(0..<1)), channel: number(1..<3), payload: payload))
            rest = rest.dropFirst(length + 8)
        }
        return frames
    }

    private static func event(in header: [UInt8], with body: [UInt8]) throws -> Event {
        var pool = amqp_pool_t()
        init_amqp_pool(&pool, 4096)
        defer { empty_amqp_pool(&pool) }
        var header = header
        return try header.withUnsafeMutableBytes { bytes in
            var decoded: UnsafeMutableRawPointer?
            let encoded = amqp_bytes_t(len: bytes.count - 12, bytes: bytes.baseAddress.map { $0 + 12 })
            #expect(amqp_decode_properties(60, &pool, encoded, &decoded) >= 0)
            let properties = try #require(decoded).assumingMemoryBound(to: amqp_basic_properties_t.self).pointee
            return try MessageHead(properties).content(body).get()
        }
    }

    /// The socket holds less than what leaves at once: the sender has to wait, again and again.
    @Test func `as many messages as there is room for leave at once, and arrive whole and in their order`() throws {
        let pair = try SocketPair()
        defer { pair.closeFar() }
        let loop = try Loop("sender")
        defer { loop.stop() }
        loop.post {
            defer { pair.closeNear() }
            let outbox = Outbox()
            let writer = MessageWriter(frameLimit: 131_072)
            var number = 0
            do {
                // Three times: the memory is used again.
                for _ in 0..<3 {
                    while try Self.put(Self.event(number), writer, in: outbox) { number += 1 }
                    try outbox.leave(by: pair.near)
                }
            } catch {
                Issue.record(error)
            }
        }
        let frames = try #require(Self.frames(pair.received()))
        #expect(frames.count > 3 * 3 * 100 && frames.count.isMultiple(of: 3) && frames.allSatisfy { $0.channel == 5 })
        for number in 0..<frames.count / 3 {
            let (method, header, body) = (frames[number * 3], frames[number * 3 + 1], frames[number * 3 + 2])
            #expect([method.kind, header.kind, body.kind] == [AMQP_FRAME_METHOD, AMQP_FRAME_HEADER, AMQP_FRAME_BODY])
            // basic.publish, no ticket, "e", "k", mandatory.
            let publish: [UInt8] = [0, 60, 0, 40, 0, 0, 1, 0x65, 1, 0x6B, 1]
            #expect(method.payload == publish)
            // basic, no weight, the length of the body.
            let length = body.payload.count
            let head: [UInt8] = [0, 60, 0, 0, 0, 0, 0, 0, 0, 0, UInt8(length >> 8), UInt8(length & 255)]
            #expect(Array(header.payload.prefix(12)) == head)
            #expect(try Self.event(in: header.payload, with: body.payload) == Self.event(number))
        }
    }

    @Test(arguments: [(2001, false), (2008, false), (2009, true), (131_072, true)])
    func `a body that needs several frames is not taken, and one that is empty`(_ frameLimit: Int, _ isTaken: Bool) throws {
        let writer = MessageWriter(frameLimit: 131_072)
        let event = try Event(id: "1", source: "/s", type: "t", data: [UInt8](repeating: 1, count: 2001))
        #expect(try Self.put(event, writer, in: Outbox(), frameLimit: frameLimit) == isTaken)
        #expect(try !Self.put(Event(id: "1", source: "/s", type: "t"), writer, in: Outbox(), frameLimit: frameLimit))
    }

    @Test func `a broker that is gone is an error`() throws {
        let pair = try SocketPair()
        defer { pair.closeNear() }
        pair.closeFar()
        let outbox = Outbox()
        #expect(try Self.put(Self.event(1), MessageWriter(frameLimit: 131_072), in: outbox))
        #expect(throws: LinkFailure.self) { try outbox.leave(by: pair.near) }
    }
}

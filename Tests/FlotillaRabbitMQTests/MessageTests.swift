// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ
import FlotillaEngine
import FlotillaModel
import Testing

@testable import FlotillaRabbitMQ

/// What is written for the broker, read back as it would come from there.
struct MessageTests {
    private final class Nobody: DeliverySource {
        func settle(_ delivery: Delivery, _ verdict: DeliveryVerdict) {}
    }

    private let writer = MessageWriter(frameLimit: 131_072)

    /// A broker that agrees on small frames closed the connection for headers that did not fit.
    @Test(arguments: [(131_072, true), (8192, false), (4096, false), (1 << 20, true)])
    func `headers must fit into a frame as it was agreed on`(_ frame: Int, _ fits: Bool) throws {
        let event = try Event(
            id: "1", source: "/s", type: "t",
            extensions: ["a": String(repeating: "x", count: 4000), "b": String(repeating: "x", count: 4000)])
        let message = Message(.event(event), exchange: "", routingKey: "t")
        writer.fit(frameLimit: frame)
        if fits { try writer.write(message) } else { #expect(throws: MessageWriter.TooLarge.self) { try writer.write(message) } }
    }
    private let names = Names(prefix: "x.")
    private let now = Timestamp(microseconds: 1_767_225_600_123_456)

    private func event(id: String = "1", extensions: [String: String] = [:]) throws -> Event {
        try Event(
            id: id, source: "/hooks/t", type: "t.é", time: now, subject: "語", dataContentType: "application/json",
            dataSchema: "https://example.com/s", extensions: extensions, data: [1, 2, 3])
    }

    private func delivery(_ content: Result<Event, InvalidEvent>) -> Delivery {
        Delivery(queue: "q", content: content, passage: Passage(), accepted: now, tag: 1, source: Nobody())
    }

    @Test func `an event and its passage come back as they were written`() throws {
        let sent = try event(extensions: ["tenant": "a=b", "empty": "", "traceparent": "00-ab-cd-01"])
        var message = Message(.event(sent), exchange: "e", routingKey: "k")
        message.passage = Passage(attempt: 7, generation: 2)
        message.passage.deferrals = 3
        message.passage.blame(Failure(.unauthorized(connection: "c"), "no"), in: "q", now: now)
        message.passage.replayedFrom = "q.dead"
        message.accepted = now
        message.notBefore = now
        message.keptAt = now
        // Twice: the memory is used again.
        for _ in 0..<2 {
            try writer.write(message)
            let head = MessageHead(writer.properties)
            #expect(try head.content(sent.data).get() == sent)
            #expect(head.passage == message.passage && head.notBefore == now && head.keptAt == now)
            #expect(head.accepted == Timestamp(microseconds: 1_767_225_600_000_000))
        }
    }

    @Test func `a fresh event carries its attributes and nothing of ours`() throws {
        try writer.write(Message(.event(try event(extensions: ["tenant": "t"])), exchange: "e", routingKey: "k"))
        let keys = HeaderTable(writer.properties).entries.compactMap { HeaderTable.text($0.key) }
        #expect(
            Set(keys)
                == Set(["specversion", "id", "source", "type", "time", "subject", "dataschema", "tenant"].map { "cloudEvents:\($0)" }))
    }

    @Test func `an id that is too long for a message is shortened there, and whole in its header`() throws {
        let id = String(repeating: "é", count: 200)
        try writer.write(Message(.event(try event(id: id)), exchange: "e", routingKey: "k"))
        #expect(writer.properties.message_id.len == 64)
        #expect(try MessageHead(writer.properties).content([]).get().id == id)
    }

    @Test func `headers that do not fit into a frame are refused before anything is sent`() throws {
        let many = Dictionary(uniqueKeysWithValues: (0..<40).map { ("e\($0)", String(repeating: "x", count: 4096)) })
        let message = Message(.event(try event(extensions: many)), exchange: "e", routingKey: "k")
        #expect(throws: MessageWriter.TooLarge.self) { try writer.write(message) }
        let fewer = many.filter { $0.key.count == 2 }
        try writer.write(Message(.event(try event(extensions: fewer)), exchange: "e", routingKey: "k"))
    }

    /// Anything may stand under any name: what comes is never more than a delivery that says what is wrong with it.
    @Test func `headers of every kind under our names make no event and bring nothing down`() throws {
        let numbers = [Int64.min, -1, 0, 1, Int64.max]
        for name in [
            "cloudEvents:id", "cloudEvents:specversion", "cloudEvents:time", "cloudEvents:", "flotilla-attempt", "flotilla-not-before",
        ] {
            for kind in UInt8.min...UInt8.max {
                for number in numbers where kind != UInt8(AMQP_FIELD_KIND_UTF8.rawValue) && kind != UInt8(AMQP_FIELD_KIND_BYTES.rawValue) {
                    var entry = amqp_table_entry_t()
                    entry.value.kind = kind
                    entry.value.value.i64 = number
                    text(name) { key in
                        entry.key = key
                        withUnsafeMutablePointer(to: &entry) { entry in
                            var properties = amqp_basic_properties_t()
                            properties._flags = amqp_flags_t(AMQP_BASIC_HEADERS_FLAG)
                            properties.headers = amqp_table_t(num_entries: 1, entries: entry)
                            let head = MessageHead(properties)
                            #expect(throws: InvalidEvent.self) { try head.content([]).get() }
                            #expect(head.passage.attempt >= 1 && head.passage.attempt <= 1 << 40)
                        }
                    }
                }
            }
        }
    }

    /// A page goes on behind the last letter of the one before, and a letter that was listed is replayed: by this name, maybe by a process
    /// of a newer version.
    @Test(arguments: [(true, 5_663_071_122_333_139_535), (false, 5_122_352_950_191_841_037 as Int64)])
    func `a letter has the same name in every version`(_ isEvent: Bool, _ name: Int64) throws {
        let content = isEvent ? Message.Content.event(try event()) : .foreign(contentType: nil, body: [1, 2, 3])
        var message = Message(content, exchange: "", routingKey: "q.dead")
        if isEvent {
            message.passage = Passage(attempt: 7, generation: 2)
            message.passage.deferrals = 3
        }
        message.keptAt = now
        try writer.write(message)
        var body: [UInt8] = [1, 2, 3]
        let letter = body.withUnsafeMutableBytes { bytes in
            var envelope = amqp_envelope_t()
            envelope.message.properties = writer.properties
            envelope.message.body = amqp_bytes_t(len: bytes.count, bytes: bytes.baseAddress)
            return KeptMessage(envelope, in: "q.dead").letter
        }
        #expect((try? letter.content.get()) == (isEvent ? try event() : nil))
        #expect(letter.tag == name)
    }

    @Test func `a copy goes where its delay says, and no earlier than that`() throws {
        let held = delivery(.success(try event()))
        func copy(_ delay: Duration, to queue: String = "q") throws -> Message {
            try #require(Copies.make(of: held, to: queue, Passage(attempt: 2), after: delay, names, now: now))
        }
        let direct = try copy(.zero)
        #expect(direct.exchange == "x.flotilla.queues" && direct.routingKey == "x.q" && direct.rung == nil && direct.keptAt == nil)
        let soon = try copy(.seconds(10))
        #expect(soon.exchange == "x.flotilla.delay" && soon.routingKey == "x.q" && soon.rung == 15 && soon.notBefore == nil)
        let late = try copy(.seconds(5 * 3600))
        #expect(late.rung == 14400 && late.notBefore == now + .seconds(5 * 3600))
        #expect(try copy(.zero, to: "q.dead").keptAt == now)
    }

    @Test func `no copy is made of bytes that are no longer at hand`() {
        let held = delivery(.failure(.specVersion))
        let copy = Copies.make(of: held, to: "q.dead", Passage(), after: .zero, names, now: now)
        #expect(copy.map(\.exchange) == nil)
    }
}

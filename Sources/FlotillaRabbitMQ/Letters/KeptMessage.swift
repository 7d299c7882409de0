// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ
internal import FlotillaEngine
internal import FlotillaModel

/// One message of a queue that is kept for people, as a letter and as what a copy is made of.
struct KeptMessage {
    let letter: Letter
    let content: Message.Content

    init(_ envelope: amqp_envelope_t, in queue: String) {
        let head = MessageHead(envelope.message.properties)
        let body = Array(HeaderTable.buffer(envelope.message.body))
        let event = head.content(body)
        switch event {
        case .success(let event): content = .event(event)
        case .failure: content = .foreign(contentType: head.contentType, body: body)
        }
        var passage = head.passage
        if head.keptAt == nil, queue.hasSuffix(QueueNames.dead("")) {
            // Nobody of ours laid it down: the broker's own limit did.
            passage.failureClass = "poison"
            passage.set(reason: "delivery-limit")
        }
        let kept = head.keptAt ?? head.accepted ?? Timestamp(microseconds: 0)
        let tag = Self.name(event, passage, kept, body)
        letter = Letter(queue: queue, content: event, passage: passage, accepted: head.accepted, kept: kept, tag: tag)
    }

    /// The broker has no name for a message, so that it is named by what tells it from others: the same on every look.
    private static func name(_ event: Result<Event, InvalidEvent>, _ passage: Passage, _ kept: Timestamp, _ body: [UInt8]) -> Int64 {
        var hash = StableHash()
        func add(_ bytes: some Sequence<UInt8>) {
            hash.add(bytes)
            // No text holds it: one part ends where the next one begins.
            hash.add(0xFF)
        }
        switch event {
        case .success(let event):
            add(event.source.utf8)
            add(event.id.utf8)
        case .failure:
            add(body)
        }
        for number in [Int64(passage.round), Int64(passage.generation), kept.microseconds] {
            withUnsafeBytes(of: number) { add($0) }
        }
        return Int64(hash.value >> 1)
    }
}

extension Letter {
    /// Of letters with the same, one is shown: the last.
    var identity: String? {
        guard case .success(let event) = content else { return nil }
        return "\(event.source)\n\(event.id)"
    }
}

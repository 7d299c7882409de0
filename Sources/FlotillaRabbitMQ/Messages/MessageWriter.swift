// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ
internal import FlotillaCrypto
internal import FlotillaEngine
internal import FlotillaModel

/// Writes a message's properties and headers in the form that librabbitmq takes, into memory that is used again for each: nothing is
/// allocated for a publish. Owned by the thread of one connection; what it wrote is valid until the next message.
final class MessageWriter {
    private let text: UnsafeMutableRawBufferPointer
    private let entries: UnsafeMutableBufferPointer<amqp_table_entry_t>
    private var used = 0
    private var count = 0
    /// What the header table takes on the wire.
    private var size = 0
    private var limit: Int
    private(set) var properties = amqp_basic_properties_t()

    /// The reason of a failure is the largest part of it.
    private static let passageSize = Passage.reasonLimit + 2048

    struct TooLarge: Error {}

    /// - Parameter frameLimit: a header table must fit into one frame.
    init(frameLimit: Int) {
        limit = frameLimit - 1024
        text = .allocate(byteCount: frameLimit + 2048, alignment: 1)
        // An event has at most 64 extensions; its own attributes and our headers are fewer than 24.
        entries = .allocate(capacity: 88)
    }

    /// Of the connection that the next messages are for; not larger than the first one.
    func fit(frameLimit: Int) { limit = min(frameLimit, text.count - 2048) - 1024 }

    deinit {
        text.deallocate()
        entries.deallocate()
    }

    func write(_ message: Message) throws {
        (used, count, size) = (0, 0, 0)
        properties = amqp_basic_properties_t()
        properties.delivery_mode = UInt8(AMQP_DELIVERY_PERSISTENT.rawValue)
        properties._flags = amqp_flags_t(AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_HEADERS_FLAG)
        switch message.content {
        case .event(let event):
            try write(event)
            try write(message.passage)
        case .foreign(let contentType, _):
            if let contentType, contentType.utf8.count <= 255 { try set(contentType: contentType) }
            try write(message.passage)
        case .journal(let entry):
            try set(contentType: Event.batchContentType)
            try add(HeaderNames.count, Int64(entry.count))
            try add(HeaderNames.first, entry.first.description)
            try add(HeaderNames.last, entry.last.description)
        }
        if let rung = message.rung { try add(Topology.rungHeader, String(rung)) }
        if let moment = message.notBefore { try add(HeaderNames.notBefore, moment.description) }
        if let moment = message.keptAt { try add(HeaderNames.keptAt, moment.description) }
        if let accepted = message.accepted, accepted.microseconds >= 0 {
            properties.timestamp = UInt64(accepted.microseconds / 1_000_000)
            properties._flags |= amqp_flags_t(AMQP_BASIC_TIMESTAMP_FLAG)
        }
        // What is published for the first time leaves room for what a retry or a dead letter will say of it.
        guard size <= (message.passage == Passage() ? limit - Self.passageSize : limit) else { throw TooLarge() }
        properties.headers = amqp_table_t(num_entries: Int32(count), entries: entries.baseAddress)
    }

    /// A text for the time of the next call: an exchange, a routing key.
    func keep(_ string: String) throws -> amqp_bytes_t {
        var string = string
        return try string.withUTF8 { source in
            guard used + source.count <= text.count else { throw TooLarge() }
            let place = UnsafeMutableRawBufferPointer(rebasing: text[used..<(used + source.count)])
            place.copyMemory(from: UnsafeRawBufferPointer(source))
            used += source.count
            return amqp_bytes_t(len: source.count, bytes: place.baseAddress)
        }
    }

    private func keep(extension name: String) throws -> amqp_bytes_t {
        let prefix = HeaderNames.attributePrefix
        let length = prefix.utf8CodeUnitCount
        guard used + length <= text.count else { throw TooLarge() }
        let begin = text.baseAddress.map { $0 + used }
        begin?.copyMemory(from: prefix.utf8Start, byteCount: length)
        used += length
        // Right behind the prefix.
        return amqp_bytes_t(len: length + (try keep(name)).len, bytes: begin)
    }

    private func write(_ event: Event) throws {
        properties.message_id = try keep(event.id.utf8.count <= 255 ? event.id : Self.shortened(event.id))
        properties._flags |= amqp_flags_t(AMQP_BASIC_MESSAGE_ID_FLAG)
        if let contentType = event.dataContentType { try set(contentType: contentType) }
        try add(HeaderNames.specVersion, "1.0")
        try add(HeaderNames.id, event.id)
        try add(HeaderNames.source, event.source)
        try add(HeaderNames.type, event.type)
        if let time = event.time { try add(HeaderNames.time, time.description) }
        if let subject = event.subject { try add(HeaderNames.subject, subject) }
        if let schema = event.dataSchema { try add(HeaderNames.dataSchema, schema) }
        for (name, value) in event.extensions { try add(keep(extension: name), keep(value)) }
    }

    /// A fresh event has none of these.
    private func write(_ passage: Passage) throws {
        if passage.attempt != 1 { try add(HeaderNames.attempt, Int64(passage.attempt)) }
        if passage.deferrals != 0 { try add(HeaderNames.deferrals, Int64(passage.deferrals)) }
        if passage.generation != 0 { try add(HeaderNames.generation, Int64(passage.generation)) }
        if let moment = passage.firstFailedAt { try add(HeaderNames.firstFailedAt, moment.description) }
        if let origin = passage.origin { try add(HeaderNames.origin, origin) }
        if let name = passage.failureClass { try add(HeaderNames.failureClass, name) }
        if let reason = passage.reason { try add(HeaderNames.reason, reason) }
        if let connection = passage.connection { try add(HeaderNames.connection, connection) }
        if let queue = passage.replayedFrom { try add(HeaderNames.replayedFrom, queue) }
    }

    private func set(contentType: String) throws {
        properties.content_type = try keep(contentType)
        properties._flags |= amqp_flags_t(AMQP_BASIC_CONTENT_TYPE_FLAG)
    }

    private func add(_ name: StaticString, _ value: String) throws {
        try add(Self.bytes(name), keep(value))
    }

    private func add(_ name: StaticString, _ value: Int64) throws {
        var entry = amqp_table_entry_t()
        entry.value.kind = UInt8(AMQP_FIELD_KIND_I64.rawValue)
        entry.value.value.i64 = value
        try add(Self.bytes(name), entry, 8)
    }

    private func add(_ name: amqp_bytes_t, _ value: amqp_bytes_t) throws {
        var entry = amqp_table_entry_t()
        entry.value.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
        entry.value.value.bytes = value
        try add(name, entry, value.len + 4)
    }

    private func add(_ name: amqp_bytes_t, _ entry: amqp_table_entry_t, _ length: Int) throws {
        guard count < entries.count else { throw TooLarge() }
        entries.initializeElement(at: count, to: entry)
        entries[count].key = name
        count += 1
        size += name.len + 2 + length
    }

    private static func bytes(_ text: StaticString) -> amqp_bytes_t {
        amqp_bytes_t(len: text.utf8CodeUnitCount, bytes: UnsafeMutableRawPointer(mutating: text.utf8Start))
    }

    /// A message's id ends at 255 bytes; the whole one is in the header.
    private static func shortened(_ id: String) throws -> String {
        Hex.encode(try Digest.sha256(Array(id.utf8)))
    }
}

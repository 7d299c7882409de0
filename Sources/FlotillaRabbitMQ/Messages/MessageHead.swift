// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ
internal import FlotillaEngine
internal import FlotillaModel

/// What the properties of a message say, before its body has come. A message of somebody else is data, too: it becomes a delivery
/// that says what is wrong with it.
struct MessageHead {
    private(set) var passage = Passage()
    private(set) var accepted: Timestamp?
    private(set) var notBefore: Timestamp?
    private(set) var keptAt: Timestamp?
    private(set) var contentType: String?

    private var specVersion: String?
    private var id: String?
    private var source: String?
    private var type: String?
    private var time: Timestamp?
    private var subject: String?
    private var dataSchema: String?
    private var extensions: [String: String] = [:]
    private var fault: InvalidEvent?

    init(_ properties: amqp_basic_properties_t) {
        if properties._flags & amqp_flags_t(AMQP_BASIC_CONTENT_TYPE_FLAG) != 0, properties.content_type.len > 0 {
            contentType = HeaderTable.text(properties.content_type)
            if contentType == nil { fault = .malformed("datacontenttype") }
        }
        if properties._flags & amqp_flags_t(AMQP_BASIC_TIMESTAMP_FLAG) != 0, properties.timestamp < 1 << 40 {
            accepted = Timestamp(microseconds: Int64(properties.timestamp) * 1_000_000)
        }
        var size = 0
        for entry in HeaderTable(properties).entries {
            if entry.key.begins(with: HeaderNames.attributePrefix) {
                size += entry.key.len + attribute(entry)
            } else {
                own(entry)
            }
        }
        if size > Self.attributeLimit { fault = .malformed("the whole of its attributes") }
    }

    /// What a copy can carry beside what is said of a failure: an event with more could be neither retried nor kept as a dead letter.
    private static let attributeLimit = Int(Link.frameSize) - 8192
    /// Of our own headers, but for the reason: names of queues and connections.
    private static let nameLimit = 255

    func content(_ body: [UInt8]) -> Result<Event, InvalidEvent> {
        Result { () throws(InvalidEvent) in
            guard specVersion == "1.0" else { throw .specVersion }
            if let fault { throw fault }
            guard let id else { throw .missing("id") }
            guard let source else { throw .missing("source") }
            guard let type else { throw .missing("type") }
            return try Event(
                id: id, source: source, type: type, time: time, subject: subject, dataContentType: contentType, dataSchema: dataSchema,
                extensions: extensions, data: body)
        }
    }

    /// How long its value is.
    private mutating func attribute(_ entry: amqp_table_entry_t) -> Int {
        guard let value = HeaderTable.text(entry.value) else {
            fault = .malformed("an attribute")
            return 0
        }
        defer { set(entry.key, value) }
        return value.utf8.count
    }

    private mutating func set(_ key: amqp_bytes_t, _ value: String) {
        if key.equals(HeaderNames.id) {
            id = value
        } else if key.equals(HeaderNames.source) {
            source = value
        } else if key.equals(HeaderNames.type) {
            type = value
        } else if key.equals(HeaderNames.specVersion) {
            specVersion = value
        } else if key.equals(HeaderNames.time) {
            time = Timestamp(value)
            if time == nil { fault = .malformed("time") }
        } else if key.equals(HeaderNames.subject) {
            subject = value
        } else if key.equals(HeaderNames.dataSchema) {
            dataSchema = value
        } else if let name = HeaderTable.text(key) {
            let bare = name.utf8.dropFirst(HeaderNames.attributePrefix.utf8CodeUnitCount)
            extensions[String(decoding: bare, as: UTF8.self)] = value
        } else {
            fault = .extensionName
        }
    }

    private mutating func own(_ entry: amqp_table_entry_t) {
        let key = entry.key
        guard key.begins(with: "flotilla-") else { return }
        if key.equals(HeaderNames.attempt) {
            passage.attempt = max(1, Self.bounded(entry.value))
        } else if key.equals(HeaderNames.deferrals) {
            passage.deferrals = Self.bounded(entry.value)
        } else if key.equals(HeaderNames.generation) {
            passage.generation = Self.bounded(entry.value)
        } else if let text = HeaderTable.text(entry.value) {
            if key.equals(HeaderNames.reason) {
                passage.set(reason: text)
            } else if text.utf8.count > Self.nameLimit {
                return
            } else if key.equals(HeaderNames.firstFailedAt) {
                passage.firstFailedAt = Timestamp(text)
            } else if key.equals(HeaderNames.origin) {
                passage.origin = text
            } else if key.equals(HeaderNames.failureClass) {
                passage.failureClass = text
            } else if key.equals(HeaderNames.connection) {
                passage.set(connection: text)
            } else if key.equals(HeaderNames.replayedFrom) {
                passage.replayedFrom = text
            } else if key.equals(HeaderNames.notBefore) {
                notBefore = Timestamp(text)
            } else if key.equals(HeaderNames.keptAt) {
                keptAt = Timestamp(text)
            }
        }
    }

    /// Never a number that can't be added to.
    private static func bounded(_ value: amqp_field_value_t) -> Int {
        Int(min(max(HeaderTable.number(value) ?? 0, 0), 1 << 40))
    }
}

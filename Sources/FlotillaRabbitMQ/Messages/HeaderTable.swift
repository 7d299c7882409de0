// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ

/// The headers of a message that came: valid as long as its frame is. Whoever wrote them is not trusted: any kind may stand anywhere.
struct HeaderTable {
    let entries: UnsafeBufferPointer<amqp_table_entry_t>

    init(_ properties: amqp_basic_properties_t) {
        let has = properties._flags & amqp_flags_t(AMQP_BASIC_HEADERS_FLAG) != 0
        entries = UnsafeBufferPointer(start: properties.headers.entries, count: has ? Int(properties.headers.num_entries) : 0)
    }

    func value(of name: StaticString) -> amqp_field_value_t? {
        entries.first { $0.key.equals(name) }?.value
    }

    /// Nil for what is no text, in kind or in its bytes.
    static func text(_ value: amqp_field_value_t) -> String? {
        switch UInt32(value.kind) {
        case AMQP_FIELD_KIND_UTF8.rawValue, AMQP_FIELD_KIND_BYTES.rawValue: text(value.value.bytes)
        default: nil
        }
    }

    static func text(_ bytes: amqp_bytes_t) -> String? {
        String(validating: buffer(bytes), as: UTF8.self)
    }

    static func number(_ value: amqp_field_value_t) -> Int64? {
        switch UInt32(value.kind) {
        case AMQP_FIELD_KIND_I64.rawValue: value.value.i64
        case AMQP_FIELD_KIND_I32.rawValue: Int64(value.value.i32)
        case AMQP_FIELD_KIND_U32.rawValue: Int64(value.value.u32)
        case AMQP_FIELD_KIND_I16.rawValue: Int64(value.value.i16)
        case AMQP_FIELD_KIND_U16.rawValue: Int64(value.value.u16)
        case AMQP_FIELD_KIND_I8.rawValue: Int64(value.value.i8)
        case AMQP_FIELD_KIND_U8.rawValue: Int64(value.value.u8)
        default: text(value).flatMap { Int64($0) }
        }
    }

    static func buffer(_ bytes: amqp_bytes_t) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.bytes == nil ? 0 : bytes.len)
    }
}

extension amqp_bytes_t {
    func equals(_ text: StaticString) -> Bool {
        len == text.utf8CodeUnitCount && HeaderTable.buffer(self).elementsEqual(UnsafeRawBufferPointer(start: text.utf8Start, count: len))
    }

    func begins(with text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        return len >= length
            && HeaderTable.buffer(self).prefix(length).elementsEqual(UnsafeRawBufferPointer(start: text.utf8Start, count: length))
    }
}

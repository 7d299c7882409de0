// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ

/// What we tell the broker of ourselves. librabbitmq names few abilities by itself, and of the others the broker then says nothing: of an
/// alarm that blocks us, of a queue that is deleted under its consumer, of a publish that it did not take.
enum ClientProperties {
    private static let abilities = ["connection.blocked", "consumer_cancel_notify", "basic.nack", "publisher_confirms"]

    static func with<Result>(name: String, _ body: (UnsafePointer<amqp_table_t>) -> Result) -> Result {
        var owned: [amqp_bytes_t] = []
        func keep(_ string: String) -> amqp_bytes_t {
            let copy = text(string) { amqp_bytes_malloc_dup($0) }
            owned.append(copy)
            return copy
        }
        defer { for bytes in owned { amqp_bytes_free(bytes) } }
        var able = abilities.map { name in
            var entry = amqp_table_entry_t()
            entry.key = keep(name)
            entry.value.kind = UInt8(AMQP_FIELD_KIND_BOOLEAN.rawValue)
            entry.value.value.boolean = 1
            return entry
        }
        return able.withUnsafeMutableBufferPointer { able in
            var called = amqp_table_entry_t()
            called.key = keep("connection_name")
            called.value.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
            called.value.value.bytes = keep(name)
            var capabilities = amqp_table_entry_t()
            capabilities.key = keep("capabilities")
            capabilities.value.kind = UInt8(AMQP_FIELD_KIND_TABLE.rawValue)
            capabilities.value.value.table = amqp_table_t(num_entries: Int32(able.count), entries: able.baseAddress)
            var entries = [called, capabilities]
            return entries.withUnsafeMutableBufferPointer { entries in
                var properties = amqp_table_t(num_entries: Int32(entries.count), entries: entries.baseAddress)
                return body(&properties)
            }
        }
    }
}

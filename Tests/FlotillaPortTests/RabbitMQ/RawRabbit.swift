// SPDX-License-Identifier: Apache-2.0

import CRabbitMQ
import FlotillaRabbitMQ
import FlotillaRuntime

/// What a program that is not ours does to the broker: bare librabbitmq, one call at a time.
enum RawRabbit {
    struct Refused: Error {
        let what: String
    }

    static func answers(_ address: BrokerAddress) -> Bool {
        (try? connected(address) { _ in }) != nil
    }

    /// A message of somebody else, straight into a queue.
    static func publish(_ body: [UInt8], to queue: String, headers: [String: String] = [:], _ address: BrokerAddress) throws {
        var entries = headers.map { key, value in
            var entry = amqp_table_entry_t()
            entry.key = bytes(key) { amqp_bytes_malloc_dup($0) }
            entry.value.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
            entry.value.value.bytes = bytes(value) { amqp_bytes_malloc_dup($0) }
            return entry
        }
        defer {
            for entry in entries {
                amqp_bytes_free(entry.key)
                amqp_bytes_free(entry.value.value.bytes)
            }
        }
        try connected(address) { connection in
            let status = bytes(queue) { queue in
                body.withUnsafeBytes { body in
                    entries.withUnsafeMutableBufferPointer { entries in
                        var properties = amqp_basic_properties_t()
                        properties._flags = amqp_flags_t(AMQP_BASIC_HEADERS_FLAG)
                        properties.headers = amqp_table_t(num_entries: Int32(entries.count), entries: entries.baseAddress)
                        return amqp_basic_publish(
                            connection, 1, amqp_empty_bytes, queue, 0, 0, &properties,
                            amqp_bytes_t(len: body.count, bytes: UnsafeMutableRawPointer(mutating: body.baseAddress)))
                    }
                }
            }
            guard status == AMQP_STATUS_OK.rawValue else { throw Refused(what: "publish") }
        }
    }

    /// The next message of a queue, taken away.
    static func get(from queue: String, _ address: BrokerAddress) throws -> [UInt8] {
        var body: [UInt8] = []
        try connected(address) { connection in
            let reply = bytes(queue) { amqp_basic_get(connection, 1, $0, 1) }
            guard reply.reply_type == AMQP_RESPONSE_NORMAL, reply.reply.id == flotilla_basic_get_ok else { throw Refused(what: "get") }
            var message = amqp_message_t()
            guard amqp_read_message(connection, 1, &message, 0).reply_type == AMQP_RESPONSE_NORMAL else { throw Refused(what: "read") }
            body = Array(UnsafeRawBufferPointer(start: message.body.bytes, count: message.body.len))
            amqp_destroy_message(&message)
        }
        return body
    }

    /// A queue as another program would have made it.
    static func declare(plain queue: String, _ address: BrokerAddress) throws {
        try connected(address) { connection in
            bytes(queue) { _ = amqp_queue_declare(connection, 1, $0, 0, 1, 0, 0, amqp_empty_table) }
        }
    }

    /// The first messages of a stream.
    static func stream(_ queue: String, count: Int, _ address: BrokerAddress) throws -> [[UInt8]] {
        var bodies: [[UInt8]] = []
        try connected(address) { connection in
            amqp_basic_qos(connection, 1, 0, 100, 0)
            try bytes("x-stream-offset") { key in
                try bytes("first") { first in
                    try bytes(queue) { queue in
                        var entry = amqp_table_entry_t()
                        entry.key = key
                        entry.value.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
                        entry.value.value.bytes = first
                        withUnsafeMutablePointer(to: &entry) {
                            let table = amqp_table_t(num_entries: 1, entries: $0)
                            _ = amqp_basic_consume(connection, 1, queue, amqp_empty_bytes, 0, 0, 0, table)
                        }
                        for _ in 0..<count {
                            var envelope = amqp_envelope_t()
                            var limit = flotilla_seconds(10)
                            let reply = amqp_consume_message(connection, &envelope, &limit, 0)
                            guard reply.reply_type == AMQP_RESPONSE_NORMAL else { throw Refused(what: "stream") }
                            let body = envelope.message.body
                            bodies.append(Array(UnsafeRawBufferPointer(start: body.bytes, count: body.len)))
                            amqp_destroy_envelope(&envelope)
                        }
                    }
                }
            }
        }
        return bodies
    }

    static func delete(_ queue: String, _ address: BrokerAddress) throws {
        try connected(address) { connection in bytes(queue) { _ = amqp_queue_delete(connection, 1, $0, 0, 0) } }
    }

    private static func bytes<Result>(_ string: String, _ body: (amqp_bytes_t) throws -> Result) rethrows -> Result {
        var string = string
        return try string.withUTF8 {
            try body(amqp_bytes_t(len: $0.count, bytes: UnsafeMutableRawPointer(mutating: $0.baseAddress)))
        }
    }

    private static func connected(_ address: BrokerAddress, _ body: (OpaquePointer) throws -> Void) throws {
        guard let connection = amqp_new_connection() else { throw Refused(what: "connection") }
        defer { amqp_destroy_connection(connection) }
        guard let socket = amqp_tcp_socket_new(connection), let host = address.hosts.first else { throw Refused(what: "socket") }
        guard amqp_socket_open(socket, host.name, Int32(host.port)) == AMQP_STATUS_OK.rawValue else { throw Refused(what: "open") }
        let login = flotilla_login(
            connection, address.vhost, 131_072, 0, nil, address.user, address.password?.expose())
        guard login.reply_type == AMQP_RESPONSE_NORMAL else { throw Refused(what: "login") }
        amqp_channel_open(connection, 1)
        guard amqp_get_rpc_reply(connection).reply_type == AMQP_RESPONSE_NORMAL else { throw Refused(what: "channel") }
        try body(connection)
        // In order behind what was published: when it is answered, that has arrived.
        amqp_channel_close(connection, 1, 200)
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ
internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime
internal import Glibc

/// Brings a topology onto the broker, as often as anybody likes: what is there already is looked at first. With a user who may not
/// configure only the looking is done.
struct Declaring {
    private let link: Link
    private let channel = SetupLine.channel
    private let notice: (String) -> Void

    /// - Parameter notice: told what an operator should hear of, in words that may be shown.
    init(_ link: Link, notice: @escaping (String) -> Void = { _ in }) {
        self.link = link
        self.notice = notice
    }

    func declare(_ topology: Topology) throws {
        for exchange in topology.exchanges { try declare(exchange) }
        for queue in topology.queues { try declare(queue) }
        for binding in topology.bindings { try bind(binding) }
    }

    /// What is not there is not missed.
    func remove(_ topology: Topology) throws {
        for queue in topology.queues {
            _ = try ask("deleting the queue \(queue.name)") { handle in
                text(queue.name) { amqp_queue_delete(handle, channel, $0, 0, 0) }
            }
        }
        for exchange in topology.exchanges {
            _ = try ask("deleting the exchange \(exchange.name)") { handle in
                text(exchange.name) { amqp_exchange_delete(handle, channel, $0, 0) }
            }
        }
    }

    /// How many messages are ready in it, and how many consume it; nil when there is no such queue.
    func look(at queue: String) throws -> (ready: Int, consumers: Int)? {
        do {
            let answer = try ask("looking at the queue \(queue)") { handle in
                text(queue) { amqp_queue_declare(handle, channel, $0, 1, 0, 0, 0, amqp_empty_table) }
            }
            guard let answer else { return nil }
            return (Int(answer.pointee.message_count), Int(answer.pointee.consumer_count))
        } catch let failure as LinkFailure where failure.isMissing {
            return nil
        }
    }

    /// Until so many are ready in it, or the time is over: what goes back into a queue is there a moment after the broker has been told.
    func await(ready count: Int, in queue: String, within limit: Duration) throws {
        let end = MonotonicClock.now &+ limit.inNanoseconds
        while let state = try look(at: queue), state.ready < count, MonotonicClock.now < end { usleep(1000) }
    }

    private func exists(_ exchange: Topology.Exchange) throws -> Bool {
        do {
            _ = try ask("looking at the exchange \(exchange.name)") { handle in
                text(exchange.name) { name in
                    text(exchange.kind) { amqp_exchange_declare(handle, channel, name, $0, 1, 0, 0, 0, amqp_empty_table) }
                }
            }
            return true
        } catch let failure as LinkFailure where failure.isMissing {
            return false
        }
    }

    private func declare(_ exchange: Topology.Exchange) throws {
        let isThere = try exists(exchange)
        try settled("the exchange \(exchange.name)", isThere) {
            let arguments = exchange.alternate.map { [Topology.Argument("alternate-exchange", $0)] } ?? []
            _ = try ask("declaring the exchange \(exchange.name)") { handle in
                text(exchange.name) { name in
                    text(exchange.kind) { kind in
                        ArgumentTable.with(arguments) { amqp_exchange_declare(handle, channel, name, kind, 0, 1, 0, 0, $0) }
                    }
                }
            }
        }
    }

    private func declare(_ queue: Topology.Queue) throws {
        let isThere = try look(at: queue.name) != nil
        try settled("the queue \(queue.name)", isThere) {
            do {
                _ = try ask("declaring the queue \(queue.name)") { handle in
                    text(queue.name) { name in
                        ArgumentTable.with(queue.arguments) { amqp_queue_declare(handle, channel, name, 0, 1, 0, 0, $0) }
                    }
                }
            } catch let failure as LinkFailure where failure.isDifferent && queue.policy != nil && !failure.isOfType {
                // A stream keeps what it has under other limits: nobody should have to delete it for new ones.
                notice(
                    "\(queue.name) keeps the limits that it was made with (\(failure.description)); a policy changes them: "
                        + "rabbitmqctl set_policy --apply-to queues \(queue.name) '^\(queue.name.replacing(".", with: "\\."))$' "
                        + "'\(queue.policy ?? "")'")
            }
        }
    }

    private func bind(_ binding: Topology.Binding) throws {
        // A user who may not bind relies on whoever set the broker up: AMQP has no way to look at a binding.
        do { try bind(binding.queue, to: binding.exchange, key: binding.key, binding.arguments) } catch let failure as LinkFailure
            where failure.isForbidden
        {}
    }

    func bind(_ queue: String, to exchange: String, key: String, _ arguments: [Topology.Argument] = []) throws {
        _ = try ask("binding the queue \(queue)") { handle in
            text(queue) { queue in
                text(exchange) { exchange in
                    text(key) { key in
                        ArgumentTable.with(arguments) { amqp_queue_bind(handle, channel, queue, exchange, key, $0) }
                    }
                }
            }
        }
    }

    func unbind(_ queue: String, from exchange: String, key: String) throws {
        _ = try ask("unbinding the queue \(queue)") { handle in
            text(queue) { queue in
                text(exchange) { exchange in
                    text(key) { key in amqp_queue_unbind(handle, channel, queue, exchange, key, amqp_empty_table) }
                }
            }
        }
    }

    /// What the broker refuses is told with the remedy.
    private func settled(_ what: String, _ isThere: Bool, _ declare: () throws -> Void) throws {
        do {
            try declare()
        } catch let failure as LinkFailure where failure.isForbidden {
            guard !isThere else { return }
            throw BrokerFailure(
                .refused, "\(what) is not there, and this user may not make it: declare it once as a user who may configure")
        } catch let failure as LinkFailure where failure.isDifferent {
            throw BrokerFailure(
                .refused,
                "\(what) is not as this version needs it (\(failure.description)): empty it, delete it, and start again; it is made anew")
        }
    }

    /// A channel that the broker closed for a question is opened again for the next one.
    private func ask<Answer>(_ what: String, _ body: (OpaquePointer) -> Answer) throws -> Answer {
        var answer: Answer?
        do {
            try link.ask(what, on: channel) { answer = body($0) }
        } catch {
            if error.kind != .lost { try link.openChannel(channel) }
            throw error
        }
        guard let answer else { throw LinkFailure.lost("\(what): there was no answer") }
        return answer
    }
}

/// Calls `body` with a text in the form that librabbitmq takes.
func text<Result>(_ string: String, _ body: (amqp_bytes_t) throws -> Result) rethrows -> Result {
    var string = string
    return try string.withUTF8 { buffer in
        try body(amqp_bytes_t(len: buffer.count, bytes: UnsafeMutableRawPointer(mutating: buffer.baseAddress)))
    }
}

/// The arguments of a declaration in the form that librabbitmq takes.
enum ArgumentTable {
    static func with<Result>(_ arguments: [Topology.Argument], _ body: (amqp_table_t) -> Result) -> Result {
        var entries: [amqp_table_entry_t] = []
        var owned: [amqp_bytes_t] = []
        func keep(_ string: String) -> amqp_bytes_t {
            let copy = text(string) { amqp_bytes_malloc_dup($0) }
            owned.append(copy)
            return copy
        }
        defer { for bytes in owned { amqp_bytes_free(bytes) } }
        for argument in arguments {
            var entry = amqp_table_entry_t()
            entry.key = keep(argument.name)
            switch argument.value {
            case .text(let value):
                entry.value.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
                entry.value.value.bytes = keep(value)
            case .number(let value):
                entry.value.kind = UInt8(AMQP_FIELD_KIND_I64.rawValue)
                entry.value.value.i64 = value
            case .moment(let moment):
                entry.value.kind = UInt8(AMQP_FIELD_KIND_TIMESTAMP.rawValue)
                entry.value.value.u64 = UInt64(max(0, moment.microseconds / 1_000_000))
            }
            entries.append(entry)
        }
        let count = Int32(entries.count)
        return entries.withUnsafeMutableBufferPointer { body(amqp_table_t(num_entries: count, entries: $0.baseAddress)) }
    }
}

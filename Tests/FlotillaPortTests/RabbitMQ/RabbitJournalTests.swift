// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRabbitMQ
import Synchronization
import Testing

/// The journal of a fleet on RabbitMQ: a stream that holds every accepted event before its publish returns.
@Suite(.enabled(if: RabbitNode.isInstalled, "rabbitmq-server is not installed"), .timeLimit(.minutes(5)))
struct RabbitJournalTests {
    private func journaled(_ body: (RabbitHarness, RabbitBroker) async throws -> Void) async throws {
        try await RabbitHarness.use { harness in
            let harness = try #require(harness as? RabbitHarness)
            let broker = try await harness.broker { $0.journal = JournalRetention(days: 1, bytes: 10_000_000) }
            try await broker.declare("q", bindings: [pattern("t")])
            try await body(harness, broker)
        }
    }

    @Test func `what is published stands in the journal when the publish returns, and a copy of it does not stand there again`()
        async throws
    {
        try await journaled { harness, broker in
            let subscription = try await broker.subscribe(to: "q", prefetch: 4)
            try await broker.publish([event("1", data: [0, 1, 2]), event("2")])
            let delivery = try await subscription.one()
            try await broker.forward(delivery, to: "q", passage: Passage(attempt: 2), after: .zero)
            delivery.acknowledge()
            try await broker.publish([event("3", type: "nobody.wants")])
            let entries = try RawRabbit.stream(harness.prefix + "flotilla.journal", count: 2, harness.address)
            let events = try entries.map { try Event.batch(json: $0, limit: 10) }
            #expect(events.map { $0.map(\.id) } == [["1", "2"], ["3"]])
            #expect(events.first?.first?.data == [0, 1, 2])
        }
    }

    @Test func `a journal that is there under other limits is used, and the way to change them is told`() async throws {
        let node = try await RabbitNode.shared
        let told = Mutex<[String]>([])
        func open(days: Int) async throws -> RabbitBroker {
            var options = RabbitBroker.Options.small
            options.prefix = "limits."
            options.journal = JournalRetention(days: days, bytes: 100_000_000)
            options.notice = { text in told.withLock { $0.append(text) } }
            let broker = try await RabbitBroker.open(try node.address, options: options)
            try await broker.declare("q", bindings: [pattern("t")])
            return broker
        }
        let before = try await open(days: 7)
        try await before.publish([event("1")])
        await before.close()
        #expect(told.withLock { $0 }.isEmpty)
        let after = try await open(days: 14)
        try await after.publish([event("2")])
        let end = try #require(try await after.journalEnd())
        let part = try await after.journalPart(behind: nil, upTo: end, since: nil)
        #expect(part.entries.map(\.event.id) == ["1", "2"])
        await after.close()
        let notice = try #require(told.withLock { $0.first })
        #expect(notice.contains("limits.flotilla.journal keeps the limits") && notice.contains("rabbitmqctl set_policy"))
        #expect(notice.contains(#"{"max-age":"14D","max-length-bytes":100000000}"#) && !notice.contains("delete"))
    }

    @Test func `without its journal nothing is accepted`() async throws {
        try await journaled { harness, broker in
            try await broker.publish([event("1")])
            try RawRabbit.delete(harness.prefix + "flotilla.journal", harness.address)
            await #expect(throws: BrokerFailure.self) { try await broker.publish([event("2")]) }
        }
    }
}

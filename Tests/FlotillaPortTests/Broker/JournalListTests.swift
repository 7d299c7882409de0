// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaOperate
import FlotillaRabbitMQ
import FlotillaRuntime
import TestSupport
import Testing

/// What operators see of the journal, the same on every adapter.
@Suite(.timeLimit(.minutes(5)))
struct JournalListTests {
    private static func list(_ broker: any Broker, _ change: (inout JournalFilter) throws -> Void = { _ in }) async throws -> [Event] {
        var filter = JournalFilter()
        try change(&filter)
        var found: [Event] = []
        let unreadable = try await JournalWalk(try journal(broker), matching: filter).run { found += $0.map(\.event) }
        #expect(unreadable == 0)
        return found
    }

    private static func journal(_ broker: any Broker) throws -> any JournalInspection {
        try #require(broker as? any JournalInspection)
    }

    @Test("every accepted event is in the journal once, as it came; what happens to it later is not", arguments: Adapter.allCases)
    func whole(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let broker = try await harness.open().broker
            #expect(try await Self.list(broker).isEmpty)
            try await broker.declare("q", bindings: [pattern("#")])
            let subscription = try await broker.subscribe(to: "q", prefetch: 10)
            let samples = try SampleEvents.all().filter { $0.data.count < 1 << 20 }
            for sample in samples { try await broker.publish([sample]) }
            let delivery = try await subscription.one()
            try await broker.forward(delivery, to: "q", passage: delivery.passage, after: .zero)
            delivery.acknowledge()
            try await broker.publish([event("large", data: [UInt8](repeating: 9, count: 2 << 20)), event("last")])
            let found = try await Self.list(broker)
            #expect(found.dropLast(2).map(SampleEvents.bytes) == samples.map(SampleEvents.bytes))
            #expect(found.dropLast(2).map(\.data) == samples.map(\.data) && found.dropLast(2).map(\.time) == samples.map(\.time))
            #expect(found.suffix(2).map(\.id) == ["large", "last"] && found.suffix(2).first?.data.count == 2 << 20)
        }
    }

    @Test("a reading ends where the journal ended when it began, however many parts it has", arguments: Adapter.allCases)
    func ends(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let broker = try await harness.open().broker
            try await broker.declare("q", bindings: [pattern("t")])
            let ids = (0..<2500).map { "\($0)" }
            for start in stride(from: 0, to: 2500, by: 250) { try await broker.publish(ids[start..<(start + 250)].map { try event($0) }) }
            var found: [String] = []
            var parts = 0
            _ = try await JournalWalk(try Self.journal(broker), matching: JournalFilter()).run { entries in
                #expect(entries.count <= 2 * JournalPart.entryLimit)
                found += entries.map(\.event.id)
                parts += 1
                // While it is read.
                try await broker.publish([event("later \(parts)")])
            }
            #expect(found == ids)
            #expect(parts > 1)
        }
    }

    @Test("a part of a journal of large events is bounded by its bytes", arguments: Adapter.allCases)
    func bounded(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let broker = try await harness.open().broker
            try await broker.declare("q", bindings: [pattern("t")])
            for number in 0..<12 { try await broker.publish([event("\(number)", data: [UInt8](repeating: 1, count: 1 << 20))]) }
            let journal = try Self.journal(broker)
            let end = try #require(try await journal.journalEnd())
            let first = try await journal.journalPart(behind: nil, upTo: end, since: nil)
            // In memory they are shared with the broker: there is nothing to bound.
            guard adapter != .memory else { return }
            #expect((1...6).contains(first.entries.count) && first.next != nil)
        }
    }

    @Test("events are found by time, type, source, tenant and id", arguments: Adapter.allCases)
    func filtered(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let broker = try await harness.open().broker
            try await broker.declare("q", bindings: [pattern("#")])
            try await broker.publish([event("1", type: "a.b"), event("2", type: "a.c", source: "/hooks/other")])
            let between = try await Self.nextMillisecond()
            try await broker.publish([Event(id: "3", source: "/hooks/test", type: "a.b", extensions: ["tenant": "t1"])])
            let after = try await Self.nextMillisecond()
            func ids(_ change: (inout JournalFilter) throws -> Void) async throws -> [String] {
                try await Self.list(broker, change).map(\.id)
            }
            #expect(try await ids { $0.since = between } == ["3"])
            #expect(try await ids { $0.until = between } == ["1", "2"])
            #expect(try await ids { ($0.since, $0.until) = (between, after) } == ["3"])
            #expect(try await ids { $0.since = after } == [])
            #expect(try await ids { $0.since = after + .seconds(86_400) } == [])
            #expect(try await ids { $0.since = after - .seconds(86_400) } == ["1", "2", "3"])
            #expect(try await ids { $0.type = try pattern("a.b") } == ["1", "3"])
            #expect(try await ids { $0.source = "/hooks/other" } == ["2"])
            #expect(try await ids { $0.tenant = "t1" } == ["3"])
            #expect(try await ids { $0.id = "2" } == ["2"])
        }
    }

    /// A moment behind all that was accepted, also where times are kept in whole milliseconds.
    private static func nextMillisecond() async throws -> Timestamp {
        let clock = SystemClock()
        let now = clock.now.milliseconds
        try await until { clock.now.milliseconds > now }
        return Timestamp(milliseconds: now + 1)
    }

    @Test(
        .enabled(if: RabbitNode.isInstalled, "rabbitmq-server is not installed")
    ) func `what somebody else has put into the journal's stream is counted, and read past`() async throws {
        try await RabbitHarness.use { harness in
            let harness = try #require(harness as? RabbitHarness)
            let broker = try await harness.open().broker
            try await broker.declare("q", bindings: [pattern("t")])
            try await broker.publish([event("1")])
            try RawRabbit.publish([0xFF, 0x00], to: harness.prefix + "flotilla.journal", harness.address)
            try await broker.publish([event("2")])
            var found: [String] = []
            let unreadable = try await JournalWalk(try Self.journal(broker), matching: JournalFilter()).run { found += $0.map(\.event.id) }
            #expect(unreadable == 1 && found == ["1", "2"])
        }
    }

    @Test(
        .enabled(if: RabbitNode.isInstalled, "rabbitmq-server is not installed")
    ) func `a broker without a journal says so`() async throws {
        try await RabbitHarness.use { harness in
            let broker = try await (try #require(harness as? RabbitHarness)).broker()
            await #expect(throws: BrokerFailure.self) { _ = try await broker.journalEnd() }
        }
    }
}

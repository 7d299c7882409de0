// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRabbitMQ
import TestSupport
import Testing

/// A broker that takes no message above a megabyte.
@Suite(.enabled(if: RabbitNode.isInstalled, "rabbitmq-server is not installed"), .serialized, .timeLimit(.minutes(5)))
struct MessageLimitTests {
    private static let starting = Task {
        let node = try await RabbitNode()
        try await node.control("eval", "application:set_env(rabbit, max_message_size, 1000000).")
        return node
    }

    private func open(_ prefix: String, journal: JournalRetention? = nil) async throws -> RabbitBroker {
        var options = RabbitBroker.Options.small
        options.prefix = prefix
        options.journal = journal
        let broker = try await RabbitBroker.open(try await Self.starting.value.address, options: options)
        try await broker.declare("q", bindings: [pattern("t")])
        return broker
    }

    private func bytes(_ count: Int) -> [UInt8] { [UInt8](repeating: 7, count: count) }

    private func refusal(_ body: () async throws -> Void) async -> BrokerFailure? {
        do { try await body() } catch { return error as? BrokerFailure }
        return nil
    }

    @Test func `bodies that it would not take are told of before the first one comes, and refused before anything is sent`() async throws {
        let broker = try await open("expected.", journal: JournalRetention(days: 1, bytes: 100_000_000))
        let tooLarge = await refusal { try await broker.expect(bodiesOf: 1_000_001) }
        #expect(tooLarge?.kind == .refused)
        #expect(tooLarge?.description.contains("1000000 bytes at most") == true, "\(String(describing: tooLarge))")
        try await broker.expect(bodiesOf: 1_000_000)
        // Taken as it is, but not in the journal, where it stands in Base64.
        let journaled = await refusal { try await broker.publish([event("coded", data: bytes(900_000))]) }
        #expect(journaled?.kind == .refused)
        try await broker.publish([event("small", data: bytes(700_000))])
        #expect(try await broker.queues().first { $0.name == "q" }?.ready == 1)
        await broker.close()
    }

    @Test func `one that is too large and was not expected fails alone, and what follows is confirmed by its own number`() async throws {
        let broker = try await open("unexpected.")
        for round in 0..<3 {
            let failure = await refusal { try await broker.publish([event("large \(round)", data: bytes(1_500_000))]) }
            #expect(failure?.kind == .refused, "\(String(describing: failure))")
            for number in 0..<10 { try await broker.publish([event("\(round).\(number)", data: bytes(300_000))]) }
        }
        let subscription = try await broker.subscribe(to: "q", prefetch: 64)
        let ids = try await subscription.take(30).map(\.id)
        #expect(Set(ids) == Set((0..<3).flatMap { round in (0..<10).map { "\(round).\($0)" } }))
        await broker.close()
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRabbitMQ
import FlotillaRuntime
import TestSupport
import Testing

/// The broker's own limit on deliveries, which lays an event down without a word of ours.
@Suite(.enabled(if: RabbitNode.isInstalled, "rabbitmq-server is not installed"), .timeLimit(.minutes(5)))
struct BackstopTests {
    @Test func `what the backstop laid down says so, is replayed, retried and laid down again, and still arrives`() async throws {
        try await RabbitHarness.use { harness in
            let harness = try #require(harness as? RabbitHarness)
            let node = try await RabbitNode.shared
            let broker = try await harness.broker()
            // A policy may only lower what the queue has.
            try await node.control(
                "set_policy", "--apply-to", "queues", harness.prefix, "^\(harness.prefix)q$", "{\"delivery-limit\":2}")
            try await broker.declare("q", bindings: [pattern("t")])
            let subscription = try await broker.subscribe(to: "q", prefetch: 1)
            try await broker.publish([event("1")])
            for life in 0..<2 {
                for _ in 0...2 { try await subscription.one().giveBack() }
                try await until(broker) { try await broker.queues().first { $0.name == "q" }?.dead == 1 }
                let letters = try await broker.letters(in: "q.dead", matching: LetterFilter(), limit: 10)
                #expect(letters.map(\.passage.reason) == ["delivery-limit"] && letters.map(\.passage.failureClass) == ["poison"])
                #expect(try await broker.replay(letters, to: "q") == 1)
                for attempt in 2...3 {
                    let delivery = try await subscription.one()
                    #expect(delivery.passage.generation == life + 1 && delivery.passage.attempt == attempt - 1)
                    var passage = delivery.passage
                    passage.attempt = attempt
                    try await broker.forward(delivery, to: "q", passage: passage, after: .milliseconds(10))
                    delivery.acknowledge()
                }
            }
            let last = try await subscription.one()
            #expect(last.id == "1" && last.passage.attempt == 3)
            last.acknowledge()
            try await node.control("clear_policy", harness.prefix)
        }
    }
}

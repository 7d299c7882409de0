// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRabbitMQ
import FlotillaRuntime
import TestSupport
import Testing

/// A node that is killed as by a machine that fails, and started again. One after the other: each counts seconds.
@Suite(.enabled(if: RabbitNode.isInstalled, "rabbitmq-server is not installed"), .serialized, .timeLimit(.minutes(5)))
struct RestartTests {
    @Test func `of 50,000 events each whose publish returned runs once, though the node is killed and restarted in the middle`()
        async throws
    {
        let node = try await RabbitNode()
        var options = RabbitBroker.Options()
        options.patience = .seconds(45)
        let broker = try await RabbitBroker.open(try node.address, options: options)
        try await broker.declare("q", bindings: [pattern("t")])
        let worker = try WorkerAtWork(broker)
        let crowd = Crowd(lanes: 100, each: 500)
        let publishing = Task { await crowd.publish(to: broker) }
        try await within(.seconds(120), "some publishes") { await crowd.returned.tally.reach(20_000) }
        try await node.kill()
        try await node.start()
        await publishing.value
        #expect(crowd.returned.tally.count + crowd.failed.count == crowd.count)
        // What was on its way when the node ended, and nothing else.
        #expect(crowd.failed.count <= crowd.lanes)
        try await until(broker) { crowd.returned.all.isSubset(of: worker.all.keys) }
        let twice = worker.all.filter { $0.value != 1 }
        #expect(twice.isEmpty, "\(twice.count) ran again")
        try await until(broker) { try await broker.queues().filter { $0.name != "flotilla.delay" }.allSatisfy { $0.ready + $0.held == 0 } }
        try await worker.drain()
        await broker.close()
    }

    @Test func `what waits on a rung arrives, though the node is killed before its time`() async throws {
        let node = try await RabbitNode()
        let broker = try await RabbitBroker.open(try node.address)
        try await broker.declare("q", bindings: [pattern("t")])
        let subscription = try await broker.subscribe(to: "q", prefetch: 100)
        try await broker.publish((0..<100).map { try event("\($0)") })
        for delivery in try await subscription.take(100) {
            try await broker.forward(delivery, to: "q", passage: Passage(attempt: 2), after: .seconds(5))
            delivery.acknowledge()
        }
        try await node.kill()
        try await node.start()
        let delivered = Ids()
        let collecting = collect(subscription, into: delivered)
        try await until(broker) { delivered.all.count == 100 }
        await broker.close()
        try await collecting.value
    }

    @Test func `ten seconds after the node is back at the latest, what was held comes again, and what is published arrives`() async throws {
        let node = try await RabbitNode()
        let broker = try await RabbitBroker.open(try node.address)
        try await broker.declare("q", bindings: [pattern("t")])
        let subscription = try await broker.subscribe(to: "q", prefetch: 10)
        try await broker.publish([event("held")])
        _ = try await subscription.one()
        try await node.kill()
        try await TestSupport.until { await broker.ailment() != nil }
        await #expect(throws: BrokerFailure.self) { try await broker.publish([event("nowhere")]) }
        try await node.start()
        let begin = ContinuousClock.now
        let again = try await subscription.one(within: .seconds(10))
        #expect(again.id == "held")
        again.acknowledge()
        try await TestSupport.until(within: .seconds(10)) { (try? await broker.publish([event("fresh")])) != nil }
        #expect(try await subscription.one(within: .seconds(10)).id == "fresh")
        #expect(ContinuousClock.now - begin < .seconds(10))
        await broker.close()
    }

    @Test func `ten thousand delays that end at once are delivered within ten seconds`() async throws {
        let node = try await RabbitNode()
        let broker = try await RabbitBroker.open(try node.address)
        try await broker.declare("q", bindings: [pattern("t")])
        let count = 10_000
        let subscription = try await broker.subscribe(to: "q", prefetch: count)
        try await broker.publish((0..<count).map { try event("\($0)") })
        let deliveries = try await subscription.take(count)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<500 {
                group.addTask {
                    for delivery in deliveries[(lane * 20)..<((lane + 1) * 20)] {
                        try await broker.forward(delivery, to: "q", passage: Passage(attempt: 2), after: .seconds(5))
                        delivery.acknowledge()
                    }
                }
            }
            try await group.waitForAll()
        }
        // That of the last of them; its rung is 5 seconds long.
        let due = ContinuousClock.now + .seconds(5)
        let delivered = Ids()
        let collecting = collect(subscription, into: delivered)
        try await within(.seconds(60), "all of them") { await delivered.tally.reach(count) }
        #expect(ContinuousClock.now - due < .seconds(10))
        await broker.close()
        try await collecting.value
    }
}

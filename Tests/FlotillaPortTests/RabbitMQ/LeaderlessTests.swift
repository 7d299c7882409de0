// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRabbitMQ
import FlotillaRuntime
import TestSupport
import Testing

/// One replicated queue that answers nobody, as one without a leader: its process is suspended.
@Suite(.enabled(if: RabbitNode.isInstalled, "rabbitmq-server is not installed"), .timeLimit(.minutes(5)))
struct LeaderlessTests {
    /// What such a queue does not confirm filled the publisher's window, and from then on nothing was published to any queue.
    @Test func `a queue that confirms nothing does not stop what is published to others`() async throws {
        let node = try await RabbitNode()
        var options = RabbitBroker.Options.small
        options.patience = .seconds(1)
        let broker = try await RabbitBroker.open(try node.address, options: options)
        try await broker.declare("mute", bindings: [pattern("mute")])
        try await broker.declare("q", bindings: [pattern("t")])
        try await node.control("eval", "sys:suspend(whereis('%2F_mute')).")
        for _ in 0..<3 {
            let batch = try (0..<2500).map { try event("\($0)", type: "mute") }
            await #expect(throws: BrokerFailure.self) { try await broker.publish(batch) }
        }
        try await TestSupport.until { (try? await broker.publish([event("1")])) != nil }
        try await node.control("eval", "sys:resume(whereis('%2F_mute')).")
        try await TestSupport.until { (try? await broker.publish([event("2", type: "mute")])) != nil }
        await broker.close()
    }

    /// To consume from it takes the whole time that an answer may take, and then the connection: of all others, too, again and again.
    @Test func `a queue that does not answer does not stop what is consumed from others`() async throws {
        let node = try await RabbitNode()
        let broker = try await RabbitBroker.open(try node.address, options: .small)
        var subscriptions: [any Subscription] = []
        for queue in ["mute", "q"] {
            try await broker.declare(queue, bindings: [pattern(queue)])
            subscriptions.append(try await broker.subscribe(to: queue, prefetch: 4))
        }
        try await node.control("eval", "sys:suspend(whereis('%2F_mute')).")
        // The client's connections all go, as when a proxy is restarted.
        try await node.control("close_all_connections", "a test")
        try await TestSupport.until { await broker.ailment() != nil }
        for number in 0..<20 {
            let id = "\(number)"
            try await TestSupport.until { (try? await broker.publish([event(id, type: "q")])) != nil }
            // What was held when a connection went comes again.
            while true {
                let delivery = try await subscriptions[1].one()
                delivery.acknowledge()
                if delivery.id == id { break }
            }
        }
        try await node.control("eval", "sys:resume(whereis('%2F_mute')).")
        try await TestSupport.until { (try? await broker.publish([event("late", type: "mute")])) != nil }
        #expect(try await subscriptions[0].one(within: .seconds(100)).id == "late")
        await broker.close()
    }

    /// The broker says of such a queue that it is empty and nobody consumes it: its park passed for drained, and what was in it was forgotten.
    @Test func `a park that does not answer does not pass for an empty one`() async throws {
        let node = try await RabbitNode.shared
        try await RabbitHarness.use { harness in
            let harness = try #require(harness as? RabbitHarness)
            let holder = try await harness.open()
            try await holder.park([("1", "c")])
            let places = (0..<RabbitBroker.Options.smallPark).map { "whereis('%2F_\(harness.prefix)q.parked.\($0)')" }
            func all(_ word: String) -> String { "[sys:\(word)(P) || P <- [\(places.joined(separator: ","))]]." }
            try await node.control("eval", all("suspend"))
            let mute = try? await holder.parking.park.resume("c", in: "q", limit: 10, passing: []) { $0.map { _ in .resume } }
            try await node.control("eval", all("resume"))
            #expect(mute?.isAll != true)
            try await TestSupport.until { (try? await holder.resumeAll("c")) == 1 }
            #expect(try await holder.parking.park.resume("c", in: "q", limit: 10, passing: []) { $0.map { _ in .resume } }.isAll)
        }
    }
}

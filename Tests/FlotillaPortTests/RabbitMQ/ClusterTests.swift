// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRabbitMQ
import Foundation
import TestSupport
import Testing

/// Three nodes as one broker, one of which fails at a time.
@Suite(.enabled(if: RabbitNode.isInstalled, "rabbitmq-server is not installed"), .serialized, .timeLimit(.minutes(15)))
struct ClusterTests {
    private static let starting = Task { try await RabbitCluster() }
    private static let long = ProcessInfo.processInfo.environment["FLOTILLA_LONG"] != nil
    /// Of the first delivery after a loss, and after a return.
    private static let limit = Duration.seconds(10)

    @Test func `each queue and each stream has a member on every node, and the leaders are not all on one`() async throws {
        let cluster = try await Self.starting.value
        var options = RabbitBroker.Options()
        options.prefix = "spread."
        options.journal = JournalRetention(days: 1, bytes: 10_000_000)
        let broker = try await RabbitBroker.open(try cluster.address(from: 0), options: options)
        for queue in ["a", "b"] { try await broker.declare(queue, bindings: [pattern("t")]) }
        let queues = try await cluster.queues(prefix: "spread.", asking: cluster.nodes[0])
        #expect(queues.map(\.name).contains("spread.flotilla.journal") && queues.count > 12)
        for queue in queues { #expect(queue.members == Set(cluster.nodes.map(\.name)), "\(queue)") }
        #expect(Set(queues.map(\.leader)).count == 3, "\(queues.map { "\($0.name) \($0.leader)" })")
        try await broker.remove(queues: ["a", "b"])
        await broker.close()
    }

    @Test func `nothing that was accepted is lost or done twice, though the leader's node is killed under load and comes back`()
        async throws
    {
        let cluster = try await Self.starting.value
        let load = try await ClusterLoad.start(on: cluster, prefix: "load.")
        let publishing = load.publish(lanes: Self.long ? 16 : 4)
        try await load.delivers()
        for round in 0..<(Self.long ? 6 : 1) {
            let before = load.returned.tally.count
            try await within(.seconds(60), "some publishes") { await load.returned.tally.reach(before + 500) }
            let leader = try await cluster.leader(of: "load.q")
            // The long form takes each of them in turn, wherever the leader is.
            let number = Self.long && round > 0 ? round % 3 : leader
            let victim = cluster.nodes[number]
            try await victim.kill()
            try await Self.delivers(load, "after the loss of node \(number) in round \(round), leader \(leader)")
            try await victim.start()
            try await Self.delivers(load, "after the return of node \(number) in round \(round)")
            // Another loss must leave a majority.
            try await until(within: .seconds(60)) {
                try await cluster.queues(prefix: "load.", asking: victim).allSatisfy { $0.online.count == 3 }
            }
        }
        try await within(.seconds(300), "publishes") { await load.returned.tally.reach(Self.long ? 50_000 : 3000) }
        load.stop()
        await publishing.value

        let returned = load.returned.all
        do {
            try await until(within: .seconds(60)) { returned.isSubset(of: load.runs.all.keys) }
        } catch {
            Issue.record("lost: \(returned.subtracting(load.runs.all.keys).sorted().prefix(20)); \(await load.ailments())")
        }
        try await until { try await load.isIdle() }
        let twice = load.runs.all.filter { $0.value > 1 }
        #expect(twice.isEmpty, "\(twice.count) of \(returned.count) twice, such as \(twice.keys.sorted().prefix(5))")
        #expect(try await returned.isSubset(of: load.journaled()))
        #expect(try await load.letters().isEmpty)
        try await load.finish()
    }

    private static func delivers(_ load: ClusterLoad, _ when: String) async throws {
        let begin = ContinuousClock.now
        do {
            try await within(.seconds(90), "a delivery \(when)") { try await load.delivers() }
        } catch {
            Issue.record("it is said: \(await load.ailments())")
            throw error
        }
        let took = ContinuousClock.now - begin
        #expect(took < limit, "\(when) the first delivery took \(took)")
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaRabbitMQ
import FlotillaRuntime
import Foundation
import TestSupport
import Testing

extension RabbitNode {
    /// What the nodes of a cluster know of each other before they start.
    struct Cluster: Sendable {
        /// Where they find each other's ports: one for all.
        let mapper: Int
        let ports: [Int]

        /// Each one that starts joins those that it finds.
        var settings: String {
            (["cluster_formation.peer_discovery_backend = classic_config"]
                + ports.enumerated().map { "cluster_formation.classic_config.nodes.\($0 + 1) = \(name($1))" })
                .joined(separator: "\n")
        }
    }
}

/// Whoever connects begins with the host that is named first, and not with any of them.
struct FirstHost: RandomSource {
    func next() -> UInt64 { 0 }
}

/// Three nodes that are one broker. A node of it that is killed leaves the others a majority.
struct RabbitCluster: Sendable {
    /// A replicated queue or stream, by the names of the nodes that have a part in it.
    struct Queue: Sendable, Decodable {
        let name: String
        let leader: String
        let members: Set<String>
        let online: Set<String>
    }

    let nodes: [RabbitNode]

    init() async throws {
        let cluster = RabbitNode.Cluster(mapper: try Ports.free(), ports: try (0..<3).map { _ in try Ports.free() })
        nodes = try await withThrowingTaskGroup(of: RabbitNode.self) { group in
            for port in cluster.ports { group.addTask { try await RabbitNode(cluster: cluster, port: port) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// All hosts, from the node of this number on: with `FirstHost`, that is where connections begin.
    func address(from first: Int) throws -> BrokerAddress {
        let hosts = nodes.indices.map { nodes[($0 + first) % nodes.count] }.map { "127.0.0.1:\($0.port)" }
        return try BrokerAddress("amqp://guest:guest@\(hosts.joined(separator: ","))")
    }

    /// The queues as a living node sees them.
    func queues(prefix: String, asking node: RabbitNode) async throws -> [Queue] {
        let text = try await node.control("list_queues", "name", "leader", "members", "online", "--formatter", "json")
        return try JSONDecoder().decode([Queue].self, from: Data(text.utf8)).filter { $0.name.hasPrefix(prefix) }
    }

    /// The number of the node that leads this queue.
    func leader(of queue: String) async throws -> Int {
        let leader = try await queues(prefix: queue, asking: nodes[0]).first { $0.name == queue }?.leader
        return try #require(nodes.firstIndex { $0.name == leader })
    }
}

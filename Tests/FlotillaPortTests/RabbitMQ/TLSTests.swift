// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRabbitMQ
import Foundation
import Glibc
import TestSupport
import Testing

/// amqps:// against a real node with certificates that are made for the test.
@Suite(.enabled(if: RabbitNode.isInstalled, "rabbitmq-server is not installed"), .timeLimit(.minutes(5)))
struct TLSTests {
    private struct Site: Sendable {
        let certificates: Certificates
        let node: RabbitNode
    }

    private static let starting = Task {
        let certificates = try Certificates()
        let node = try await RabbitNode(certificates: certificates)
        try await node.control("add_user", "worker", "not used")
        try await node.control("set_permissions", "worker", ".*", ".*", ".*")
        return Site(certificates: certificates, node: node)
    }

    private static func address(_ text: String) async throws -> BrokerAddress {
        let site = try await starting.value
        var text = text.replacing("PORT", with: "\(site.node.securePort)")
        for name in ["authority", "stranger", "worker", "expired", "broker"] {
            for kind in ["pem", "key"] { text = text.replacing("\(name).\(kind)", with: site.certificates.path("\(name).\(kind)")) }
        }
        return try BrokerAddress(text)
    }

    /// TLS has a buffer of its own: what stands in it makes no socket readable.
    @Test(
        "events of all sizes go both ways over TLS, by password and by the client's certificate",
        arguments: [
            "amqps://guest:guest@localhost:PORT?cacertfile=authority.pem",
            "amqps://worker@localhost:PORT?cacertfile=authority.pem&certfile=worker.pem&keyfile=worker.key",
        ])
    func good(_ text: String) async throws {
        var options = RabbitBroker.Options.small
        options.prefix = text.contains("worker") ? "external." : "plain."
        let broker = try await RabbitBroker.open(try await Self.address(text), options: options)
        try await broker.declare("q", bindings: [pattern("t")])
        let subscription = try await broker.subscribe(to: "q", prefetch: 64)
        let sizes = [0, 1, 1000, 16_384, 16_385, 131_072, 1 << 20, 5 << 20] + Array(repeating: 3000, count: 200)
        let events = try sizes.enumerated().map { number, size in try event("\(number)", data: [UInt8](repeating: 7, count: size)) }
        try await broker.publish(events)
        let deliveries = try await subscription.take(64)
        for delivery in deliveries { delivery.acknowledge() }
        var received = deliveries.compactMap(\.event)
        while received.count < events.count {
            let delivery = try await subscription.one()
            delivery.acknowledge()
            if let event = delivery.event { received.append(event) }
        }
        #expect(received.sorted { $0.id < $1.id } == events.sorted { $0.id < $1.id })
        await broker.close()
    }

    @Test(
        "a broker that can't show who it is, or does not know who we are, is told at once",
        arguments: [
            ("amqps://guest:guest@localhost:PORT?cacertfile=stranger.pem", "cacertfile does not name"),
            ("amqps://guest:guest@localhost:PORT", "cacertfile does not name"),
            ("amqps://guest:guest@127.0.0.1:PORT?cacertfile=authority.pem", "another host name"),
            ("amqps://guest:guest@localhost:PORT?cacertfile=/nowhere.pem", "cacertfile can't be read"),
            (
                "amqps://worker@localhost:PORT?cacertfile=authority.pem&certfile=worker.pem&keyfile=broker.key",
                "do not belong together"
            ),
            ("amqps://guest:unlikely@localhost:PORT?cacertfile=authority.pem", "logging in"),
            // Its certificate is good, and no user has its name.
            ("amqps://nobody@localhost:PORT?cacertfile=authority.pem&certfile=broker.pem&keyfile=broker.key", "logging in"),
        ])
    func bad(_ text: String, _ why: String) async throws {
        let address = try await Self.address(text)
        do {
            let broker = try await RabbitBroker.open(address, options: .small)
            await broker.close()
            Issue.record("it was opened")
        } catch let failure as BrokerFailure {
            #expect(failure.kind == .away)
            #expect(failure.description.contains(why), "\(failure)")
            #expect(!failure.description.contains("unlikely") && !failure.description.contains("guest:"))
        }
    }

    @Test func `a broker whose certificate has expired is not spoken to`() async throws {
        let certificates = try await Self.starting.value.certificates
        let port = try Ports.free()
        let server = Process()
        server.executableURL = URL(fileURLWithPath: Certificates.program)
        server.arguments = [
            "s_server", "-accept", "127.0.0.1:\(port)", "-cert", certificates.path("expired.pem"), "-key",
            certificates.path("expired.key"), "-quiet",
        ]
        server.standardInput = FileHandle.nullDevice
        server.standardOutput = FileHandle.nullDevice
        server.standardError = FileHandle.nullDevice
        try server.run()
        // The tests may block or ignore milder signals, and their children with them.
        defer { kill(server.processIdentifier, SIGKILL) }
        let address = try BrokerAddress("amqps://guest:guest@localhost:\(port)?cacertfile=\(certificates.path("authority.pem"))")
        try await until {
            do {
                _ = try await RabbitBroker.open(address, options: .small)
                return true
            } catch let failure as BrokerFailure {
                // Until it listens there is nothing to refuse.
                return failure.description.contains("expired")
            }
        }
        await #expect(throws: BrokerFailure.self) { _ = try await RabbitBroker.open(address, options: .small) }
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaModel
import FlotillaRabbitMQ
import FlotillaRuntime
import Foundation
import Glibc
import TestSupport
import Testing

/// Programs that are started while their broker is away, or not as they need it: they wait and say for what. Ending would only have them
/// started again.
@Suite(.enabled(if: RabbitNode.isInstalled, "rabbitmq-server is not installed"), .timeLimit(.minutes(5)))
struct RabbitStartTests {
    static let programs = ["flotilla-log-sink", "flotilla-ingress"]

    @Test(arguments: programs)
    func `a program whose broker is away is not ready, says why, and works once it is there`(_ program: String) async throws {
        let node = try await RabbitNode.shared
        let port = try Ports.free()
        let started = try Started(program, broker: "amqp://guest:hush-hush@127.0.0.1:\(port)", prefix: "away.\(program).")
        defer { started.end() }
        try await until(within: .seconds(60)) { try await started.waits(for: "can't be reached") }
        #expect(try await started.get("/healthz").status == 200)
        #expect(try await started.get("/metrics").text.contains("flotilla_broker_up 0"))
        // The password is wrong, too.
        let proxy = try TCPProxy(to: node.port, on: port)
        defer { proxy.end() }
        try await until(within: .seconds(60)) { try await started.waits(for: "password") }
        #expect(!started.log.contains("hush"))
        started.terminate()
        try await until(within: .seconds(60)) { !started.isRunning }
        #expect(started.status == 0)

        // The first of two hosts is away.
        let nobody = try Ports.free()
        let right = try Started(program, broker: "amqp://guest:guest@127.0.0.1:\(nobody),127.0.0.1:\(port)", prefix: "away.")
        defer { right.end() }
        try await until(within: .seconds(60)) { try await right.isReady() }
        // A worker's ledger is a file that others can't see.
        let page = try await right.get("/readyz").text
        #expect(page.contains("other replicas") == (program == "flotilla-log-sink"))
        #expect(right.log.contains("other replicas") == (program == "flotilla-log-sink"))
    }

    @Test func `a queue that is there with other arguments is named with the remedy, and used once it is mended`() async throws {
        try await RabbitHarness.use(as: RabbitBroker.Options()) { harness in
            let harness = try #require(harness as? RabbitHarness)
            let port = try #require(harness.address.hosts.first).port
            try RawRabbit.declare(plain: harness.prefix + "log-sink", harness.address)
            let started = try Started("flotilla-log-sink", broker: "amqp://guest:guest@127.0.0.1:\(port)", prefix: harness.prefix)
            defer { started.end() }
            try await until(within: .seconds(60)) { try await started.waits(for: "delete it") }
            let page = try await started.get("/readyz").text
            #expect(page.contains("\(harness.prefix)log-sink") && page.contains("inequivalent arg 'x-"))
            // Told once, however often it is tried.
            #expect(started.log.components(separatedBy: "delete it").count == 2)
            try RawRabbit.delete(harness.prefix + "log-sink", harness.address)
            try await until(within: .seconds(60)) { try await started.isReady() }
            started.terminate()
            try await until(within: .seconds(60)) { !started.isRunning }
            #expect(started.status == 0)
        }
    }

    @Test func `a user who may not configure waits for one who may`() async throws {
        let node = try await RabbitNode.shared
        _ = try? await node.control("add_user", "plain", "secret")
        try await node.control("set_permissions", "plain", "^$", ".*", ".*")
        try await RabbitHarness.use(as: RabbitBroker.Options()) { harness in
            let harness = try #require(harness as? RabbitHarness)
            let started = try Started("flotilla-log-sink", broker: "amqp://plain:secret@127.0.0.1:\(node.port)", prefix: harness.prefix)
            defer { started.end() }
            try await until(within: .seconds(60)) { try await started.waits(for: "may not make it") }
            let owner = try await harness.broker { $0.journal = JournalRetention(days: 7, bytes: 10_000_000_000) }
            try await owner.declare("log-sink", bindings: [pattern("log.#")])
            try await until(within: .seconds(60)) { try await started.isReady() }
        }
    }
}

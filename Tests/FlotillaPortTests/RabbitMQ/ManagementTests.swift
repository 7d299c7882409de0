// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRabbitMQ
import FlotillaRuntime
import TestSupport
import Testing

@testable import FlotillaBoot

/// What RabbitMQ's management API adds to the queues, and what is unknown without it.
@Suite(.enabled(if: RabbitNode.isInstalled, "rabbitmq-server is not installed"), .timeLimit(.minutes(5)))
struct ManagementTests {
    @Test func `what any process holds and the rates are known with it, and unknown without it or when it refuses us`() async throws {
        let node = try await RabbitNode(isManaged: true)
        let base = "127.0.0.1:\(node.managementPort)"
        let management = try BrokerManagement(Secret("http://guest:guest@\(base)"), vhost: "/")
        let refused = try BrokerManagement(Secret("http://guest:hushhush@\(base)"), vhost: "/")
        let elsewhere = try BrokerManagement(Secret("http://guest:guest@\(base)"), vhost: "no/where")
        func broker(_ management: BrokerManagement?) async throws -> RabbitBroker {
            var options = RabbitBroker.Options.small
            if let management { options.figures = { await management.figures() } }
            return try await RabbitBroker.open(try node.address, options: options)
        }
        let worker = try await broker(nil)
        try await worker.declare("q", bindings: [pattern("t")])
        let subscription = try await worker.subscribe(to: "q", prefetch: 3)
        try await worker.publish((0..<10).map { try event("\($0)") })
        for delivery in try await subscription.take(2) { delivery.acknowledge() }

        let looking = try await broker(management)
        try await until(within: .seconds(60)) {
            let report = try await looking.queues().first { $0.name == "q" }
            return report.map { $0.held == 3 && $0.ready == 5 && $0.entered == 10 && $0.gone == 2 && $0.unknown == [.oldest, .delayed] }
                ?? false
        }
        #expect(management.failure == nil)
        for (other, why) in [(nil, nil), (refused, "refuses the user"), (elsewhere, "no such vhost")] as [(BrokerManagement?, String?)] {
            let looking = try await broker(other)
            let report = try #require(try await looking.queues().first { $0.name == "q" })
            #expect(report.unknown == [.held, .delayed, .rates, .oldest] && report.ready == 5 && report.consumers == 1)
            if let why { #expect(other?.failure?.contains(why) == true && other?.failure?.contains("hush") == false) }
            await looking.close()
        }
        for broker in [worker, looking] { await broker.close() }
        for management in [management, refused, elsewhere] { await management.close() }
    }

    @Test(
        arguments: [
            ("http://user:p%40ss@host:15672", true), ("https://user:pass@host/path/", true), ("host:15672", false),
            ("http://host:15672", false), ("http://user@host:15672", false), ("ftp://user:pass@host", false),
            ("http://user:pass@", false), ("http://user:pa ss@host", false), ("http://user:pass@host?x=y", false),
        ])
    func `the URL of the management API names who we are there, and is never shown`(_ text: String, _ isGood: Bool) throws {
        var configuration = Configuration(environment: ["FLOTILLA_BROKER_MANAGEMENT": text])
        let base = configuration.management()
        #expect((base != nil) == isGood)
        #expect(base?.expose().hasSuffix("/") != true)
        #expect(!"\(String(describing: base))".contains("pass"))
        configuration.leaveHooks()
        do {
            _ = try configuration.finish()
            #expect(isGood)
        } catch {
            #expect(!isGood && "\(error)".contains("FLOTILLA_BROKER_MANAGEMENT") && !"\(error)".contains("pass@"))
        }
    }
}

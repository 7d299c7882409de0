// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaRabbitMQ
import TestSupport
import Testing

/// A broker that takes what is published, answers nothing, and keeps the connection.
@Suite(.enabled(if: RabbitNode.isInstalled, "rabbitmq-server is not installed"), .timeLimit(.minutes(5)))
struct SilenceTests {
    @Test func `a connection over which nothing is confirmed is given up, and the next one publishes`() async throws {
        let node = try await RabbitNode.shared
        let proxy = try TCPProxy(to: node.port)
        defer { proxy.end() }
        var options = RabbitBroker.Options.small
        options.prefix = "silence."
        // It is given up after 5 of these, and after them each publish would fail by itself.
        options.patience = .seconds(20)
        let broker = try await RabbitBroker.open(try BrokerAddress("amqp://127.0.0.1:\(proxy.port)"), options: options)
        try await broker.declare("q", bindings: [pattern("t")])
        try await broker.publish([event("before")])
        proxy.freeze()
        let begin = ContinuousClock.now
        // The proxy may have been about to read: one more gets through.
        await #expect(throws: BrokerFailure.self) {
            for number in 0..<3 { try await broker.publish([event("lost \(number)")]) }
        }
        #expect(ContinuousClock.now - begin < options.patience, "it was not given up, but waited for")
        try await until { (try? await broker.publish([event("after")])) != nil }
        try await broker.remove(queues: ["q"])
        await broker.close()
    }
}

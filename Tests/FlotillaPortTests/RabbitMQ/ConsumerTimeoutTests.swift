// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRabbitMQ
import FlotillaRuntime
import Synchronization
import TestSupport
import Testing

/// A broker closes the channel of a worker that holds a delivery for longer than it waits.
@Suite(.enabled(if: RabbitNode.isInstalled, "rabbitmq-server is not installed"), .timeLimit(.minutes(5)))
struct ConsumerTimeoutTests {
    @Test func `a handler that outlasts the broker's patience is told of, its event is done once, and its neighbours, too`() async throws {
        let node = try await RabbitNode()
        try await node.control(
            "eval", "application:set_env(rabbit, consumer_timeout, 2000), application:set_env(rabbit, channel_tick_interval, 500).")
        let told = Mutex<[String]>([])
        @Sendable func wasTold() -> Bool {
            told.withLock { $0.contains { $0.contains("channel of q was closed") && $0.contains("timeout") } }
        }
        var options = RabbitBroker.Options.small
        options.notice = { text in told.withLock { $0.append(text) } }
        let broker = try await RabbitBroker.open(try node.address, options: options)
        try await broker.declare("q", bindings: [pattern("t")])
        // Ends when the broker has lost its patience.
        let worker = try WorkerAtWork(broker) { event in
            guard event.id == "long" else { return .done }
            try? await TestSupport.until(within: .seconds(60)) { wasTold() }
            return .done
        }
        try await broker.publish([event("long")] + (0..<20).map { try event("before \($0)") })
        try await until(broker) { wasTold() }
        try await broker.publish((0..<20).map { try event("after \($0)") })
        try await until(broker) {
            try await broker.queues().allSatisfy { $0.ready + $0.held + $0.delayed + $0.dead == 0 } && worker.all.count == 41
        }
        #expect(worker.all.values.allSatisfy { $0 == 1 })
        #expect(await broker.ailment() == nil)
        try await worker.drain()
        await broker.close()
    }
}

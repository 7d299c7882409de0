// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRabbitMQ
import FlotillaRuntime
import TestSupport
import Testing

/// What another program puts into a worker's queue.
@Suite(.enabled(if: RabbitNode.isInstalled, "rabbitmq-server is not installed"), .timeLimit(.minutes(5)))
struct ForeignMessageTests {
    @Test func `what is no event is a dead letter with the reason and its bytes, and the worker goes on`() async throws {
        try await RabbitHarness.use { harness in
            let harness = try #require(harness as? RabbitHarness)
            let broker = try await harness.broker()
            try await broker.declare("q", bindings: [pattern("t")])
            let worker = try WorkerAtWork(broker)
            let junk: [[UInt8]] = [
                [], [0xFF, 0x00, 0x7B], [UInt8](repeating: 0xC3, count: 10 << 20), Array("{\"specversion\":\"1.0\"}".utf8),
            ]
            for body in junk {
                try RawRabbit.publish(body, to: harness.prefix + "q", harness.address)
                let id = "behind \(body.count)"
                try await broker.publish([event(id)])
                try await until(broker) { worker.all[id] == 1 }
            }
            try await until(broker) {
                try await broker.queues().first { $0.name == "q" }.map { $0.dead == junk.count && $0.ready == 0 } ?? false
            }
            let letters = try await broker.letters(in: "q.dead", matching: LetterFilter(), limit: 10)
            for letter in letters {
                #expect(throws: InvalidEvent.self) { try letter.content.get() }
                #expect(letter.passage.failureClass == "poison" && letter.passage.origin == "q")
                #expect(letter.passage.reason?.hasPrefix("not an event") == true)
            }
            #expect(worker.all.count == junk.count)
            try await worker.drain()
            var kept: [[UInt8]] = []
            for _ in junk { kept.append(try RawRabbit.get(from: harness.prefix + "q.dead", harness.address)) }
            #expect(Set(kept) == Set(junk))
        }
    }

    /// A copy says more than what came: it would not fit, and could be neither retried nor kept.
    @Test func `headers that a copy could not carry are no event, or are left away`() async throws {
        try await RabbitHarness.use { harness in
            let harness = try #require(harness as? RabbitHarness)
            let broker = try await harness.broker()
            try await broker.declare("q", bindings: [pattern("t")])
            let worker = try WorkerAtWork(broker)
            let attributes = ["specversion": "1.0", "id": "wide", "source": "/s", "type": "t"]
            var headers = Dictionary(uniqueKeysWithValues: attributes.map { ("cloudEvents:" + $0.key, $0.value) })
            let long = String(repeating: "x", count: 128_000)
            try RawRabbit.publish(
                [1], to: harness.prefix + "q", headers: headers.merging(["cloudEvents:wide": long]) { $1 }, harness.address)
            headers["cloudEvents:id"] = "named"
            try RawRabbit.publish(
                [2], to: harness.prefix + "q", headers: headers.merging(["flotilla-connection": long]) { $1 }, harness.address)
            try await until(broker) { worker.all["named"] == 1 }
            try await until(broker) { try await broker.queues().first { $0.name == "q" }.map { $0.dead == 1 && $0.ready == 0 } ?? false }
            let letter = try #require(try await broker.letters(in: "q.dead", matching: LetterFilter(), limit: 10).first)
            #expect(letter.passage.reason?.contains("the whole of its attributes is malformed") == true)
            #expect(worker.all.count == 1)
            try await worker.drain()
        }
    }

    /// They counted as nothing, and a prefetch of them was held at once.
    @Test func `large messages that are no events are held a few at a time, too`() async throws {
        try await RabbitHarness.use { harness in
            let harness = try #require(harness as? RabbitHarness)
            let broker = try await harness.broker()
            try await broker.declare("q", bindings: [pattern("t")])
            let count = 24
            for number in 0..<count {
                try RawRabbit.publish([UInt8](repeating: UInt8(number), count: 8 << 20), to: harness.prefix + "q", harness.address)
            }
            let subscription = try await broker.subscribe(to: "q", prefetch: 256)
            var most = 0
            for _ in 0..<count {
                let delivery = try await subscription.one()
                most = max(most, try await broker.queues().first { $0.name == "q" }?.held ?? 0)
                #expect(throws: InvalidEvent.self) { try delivery.content.get() }
                delivery.acknowledge()
            }
            // 64 MB, and what comes on top of it.
            #expect((2...10).contains(most), "\(most) at once")
            try await TestSupport.until { try await broker.queues().first { $0.name == "q" }.map { $0.ready + $0.held } == 0 }
        }
    }
}

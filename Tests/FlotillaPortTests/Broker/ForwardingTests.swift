// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import TestSupport
import Testing

struct ForwardingTests {
    @Test(arguments: Adapter.allCases)
    func `a copy carries the given passage and nothing of the delivery's own, and the event untouched`(_ adapter: Adapter) async throws {
        try await adapter.queue { broker, subscription in
            let sent = try #require(try SampleEvents.all().first { $0.id == "extensions" })
            try await broker.publish([sent])
            var passage = Passage(attempt: 7, generation: 2)
            passage.blame(
                Failure(.unauthorized(connection: "c=1"), "reason = \u{301} two\nlines"), in: "q", now: Timestamp(microseconds: 1_234_567))
            passage.replayedFrom = "q.dead"
            let first = try await subscription.one()
            try await broker.forward(first, to: "q", passage: passage, after: .zero)
            first.acknowledge()
            let second = try await subscription.one()
            #expect(second.passage == passage)
            #expect(second.accepted == first.accepted)
            #expect(SampleEvents.bytes(try #require(second.event)) == SampleEvents.bytes(sent))
            try await broker.forward(second, to: "q", passage: Passage(attempt: 8), after: .milliseconds(1))
            second.acknowledge()
            #expect(try await subscription.one().passage == Passage(attempt: 8))
        }
    }

    @Test(arguments: Adapter.allCases)
    func `a copy is confirmed beside its original, which is settled on its own`(_ adapter: Adapter) async throws {
        try await adapter.queue { broker, subscription in
            try await broker.publish([event("1")])
            let original = try await subscription.one()
            try await broker.forward(original, to: "q", passage: Passage(attempt: 2), after: .zero)
            original.giveBack()
            #expect(Set(try await subscription.take(2).map(\.passage.attempt)) == [1, 2])
        }
    }

    @Test(arguments: Adapter.allCases)
    func `a delayed copy comes, and not before its time`(_ adapter: Adapter) async throws {
        try await adapter.queue { broker, subscription in
            try await broker.publish([event("long"), event("short"), event("none")])
            var forwarded: [String: ContinuousClock.Instant] = [:]
            let delays = ["long": Duration.milliseconds(400), "short": .milliseconds(100), "none": .zero]
            for delivery in try await subscription.take(3) {
                forwarded[delivery.id] = .now
                try await broker.forward(delivery, to: "q", passage: Passage(attempt: 2), after: #require(delays[delivery.id]))
                delivery.acknowledge()
            }
            for delivery in try await subscription.take(3) {
                let took = try ContinuousClock.now - #require(forwarded[delivery.id])
                // Brokers count in whole milliseconds of the time of day.
                #expect(try took >= #require(delays[delivery.id]) - .milliseconds(5))
            }
        }
    }

    @Test(arguments: Adapter.allCases)
    func `many delayed copies all come, once each`(_ adapter: Adapter) async throws {
        try await adapter.queue(prefetch: 500) { broker, subscription in
            try await broker.publish((0..<500).map { try event("\($0)") })
            var random = Seeded(1)
            for delivery in try await subscription.take(500) {
                let delay = Duration.milliseconds(Int64.random(in: 1...60, using: &random))
                try await broker.forward(delivery, to: "q", passage: Passage(attempt: 2), after: delay)
                delivery.acknowledge()
            }
            #expect(Set(try await subscription.take(500).map(\.id)).count == 500)
        }
    }

    @Test(arguments: Adapter.allCases, [Duration.seconds(Int64.max), .seconds(-5)])
    func `a delay out of all measure brings nothing down`(_ adapter: Adapter, _ delay: Duration) async throws {
        try await adapter.queue { broker, subscription in
            try await broker.publish([event("1")])
            let delivery = try await subscription.one()
            try await broker.forward(delivery, to: "q", passage: Passage(attempt: 2), after: delay)
            delivery.acknowledge()
            try await broker.publish([event("2")])
            let next = try await subscription.one()
            #expect(next.id == (delay < .zero ? "1" : "2"))
        }
    }

    @Test(arguments: Adapter.allCases)
    func `dead and parked letters are kept one for each event, with their reasons`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let holder = try await harness.open()
            let broker = holder.broker
            try await broker.declare("q", bindings: [pattern("t")])
            let subscription = try await broker.subscribe(to: "q", prefetch: 10)
            try await broker.publish([event("1"), event("2")])
            let deliveries = try await subscription.take(2)
            for round in 1...3 {
                var passage = Passage(attempt: round)
                passage.set(reason: "round \(round)")
                for delivery in deliveries { try await broker.forward(delivery, to: "q.dead", passage: passage, after: .zero) }
            }
            try await broker.forward(deliveries[0], to: "q.parked", passage: Passage(attempt: 9), after: .zero)
            for delivery in deliveries { delivery.acknowledge() }
            // The same event, published once more by its provider.
            try await broker.publish([event("1")])
            let again = try await subscription.one()
            var last = Passage(attempt: 4)
            last.set(reason: "again")
            try await broker.forward(again, to: "q.dead", passage: last, after: .zero)
            again.acknowledge()
            let dead = try await holder.letters("q.dead")
            #expect(dead.count == 2)
            #expect(dead.first { $0.id == "1" }?.passage == last)
            #expect(dead.first { $0.id == "2" }?.passage.reason == "round 3")
            #expect(try await holder.letters("q.parked").map(\.passage.attempt) == [9])
        }
    }

    @Test(arguments: Adapter.allCases)
    func `forwarding to a queue that is not there is refused, and the delivery is still held`(_ adapter: Adapter) async throws {
        try await adapter.queue { broker, subscription in
            try await broker.publish([event("1")])
            let delivery = try await subscription.one()
            await #expect(throws: BrokerFailure.self) {
                try await broker.forward(delivery, to: "nowhere", passage: Passage(), after: .zero)
            }
            try await broker.forward(delivery, to: "q", passage: Passage(attempt: 2), after: .zero)
            delivery.acknowledge()
            #expect(try await subscription.one().passage.attempt == 2)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FlotillaRabbitMQ

struct TopologyTests {
    private let fleet = Topology.fleet(Names(prefix: "x."), journal: JournalRetention(days: 7, bytes: 1_000_000_000))
    private let worker = Topology.worker("q", Names(prefix: "x."))

    @Test(arguments: [
        (Duration.milliseconds(1), 1), (.seconds(1), 1), (.milliseconds(1001), 5), (.seconds(15), 15), (.seconds(16), 60),
        (.seconds(14400), 14400), (.seconds(14401), 14400), (.seconds(Int64.max), 14400),
    ])
    func `a delay goes to the first rung that is not shorter, or to the last`(_ delay: Duration, _ rung: Int) {
        #expect(Topology.rung(for: delay) == rung)
    }

    @Test func `every name has the fleet's prefix, and no queue is there twice`() {
        let queues = (fleet.queues + worker.queues).map(\.name)
        #expect(queues.allSatisfy { $0.hasPrefix("x.") } && Set(queues).count == queues.count)
        #expect(fleet.exchanges.allSatisfy { $0.name.hasPrefix("x.") })
    }

    @Test func `every queue is replicated or a stream, and the limit of deliveries is always said`() {
        for queue in fleet.queues + worker.queues {
            let kind = queue.arguments.first { $0.name == "x-queue-type" }?.value
            if kind == .text("stream") { continue }
            #expect(kind == .text("quorum"))
            #expect(queue.arguments.contains(Topology.Argument("x-delivery-limit", 1_000_000)))
        }
    }

    @Test func `on a cluster no queue's leader has to be where its first process was connected`() {
        for queue in fleet.queues + worker.queues {
            #expect(queue.arguments.contains(Topology.Argument("x-queue-leader-locator", "balanced")), "\(queue.name)")
        }
    }

    @Test func `the journal has no bindings, and what nobody takes goes to unrouted`() {
        #expect(!fleet.bindings.contains { $0.queue == "x.flotilla.journal" })
        for exchange in fleet.exchanges where exchange.name.hasSuffix("events") || exchange.name.hasSuffix("queues") {
            #expect(exchange.alternate == "x.flotilla.unrouted")
        }
        #expect(fleet.bindings.contains(Topology.Binding(queue: "x.unrouted", exchange: "x.flotilla.unrouted")))
    }

    /// Bound by their names, so that a rung can expire into them.
    @Test func `a worker's queues are bound by their own names where rungs and forwards go`() {
        #expect(Set(worker.bindings.map(\.key)) == Set((["q", "q.dead"] + ParkPlaces().all(of: "q")).map { "x." + $0 }))
        #expect(worker.bindings.allSatisfy { $0.exchange == "x.flotilla.queues" && $0.key == $0.queue })
    }

    @Test func `rungs expire at least once, and into the exchange of queues`() {
        let rungs = fleet.queues.filter { $0.name.hasPrefix("x.flotilla.delay.") }
        #expect(rungs.count == Topology.ladder.count)
        for rung in rungs {
            #expect(rung.arguments.contains(Topology.Argument("x-dead-letter-strategy", "at-least-once")))
            #expect(rung.arguments.contains(Topology.Argument("x-overflow", "reject-publish")))
            #expect(rung.arguments.contains(Topology.Argument("x-dead-letter-exchange", "x.flotilla.queues")))
            #expect(fleet.bindings.contains { $0.queue == rung.name && $0.exchange == "x.flotilla.delay" })
        }
    }
}

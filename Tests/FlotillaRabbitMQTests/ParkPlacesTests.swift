// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import Testing

@testable import FlotillaRabbitMQ

struct ParkPlaceTests {
    private let places = ParkPlaces()

    /// Another place would make what is there unfindable.
    @Test(arguments: [("crm:42", 27), ("c", 30), ("ordered", 9)])
    func `a connection has the same place in every version`(_ connection: String, _ place: Int) {
        #expect(places.target("q.parked", of: connection) == "q.parked.\(place)")
        #expect(places.places(in: "q", of: connection) == ["q.parked", "q.parked.\(place)"])
    }

    @Test func `letters of no connection are in the first place, and other queues have none`() {
        #expect(places.target("q.parked", of: nil) == "q.parked")
        #expect(places.places(in: "q", of: nil) == ["q.parked"])
        for queue in ["q", "q.dead", "unrouted"] {
            #expect(places.target(queue, of: "c") == queue && ParkPlaces.worker(of: queue) == nil)
        }
        #expect(ParkPlaces.worker(of: "log-sink.parked") == "log-sink")
        // No worker's queue has the name of a place.
        for place in places.all(of: "q") { #expect(!QueueNames.isWorkerQueue(place)) }
    }

    @Test func `a thousand connections are spread over all places`() {
        let counts = Dictionary(grouping: 0..<1000) { places.target("q.parked", of: "tenant-\($0)@crm") }.mapValues(\.count)
        #expect(counts.count == ParkPlaces.usual)
        #expect(counts.values.allSatisfy { (10...70).contains($0) })
    }

    @Test func `each place of a park is declared and bound by its own name`() {
        let topology = Topology.worker("q", Names(prefix: "p."))
        let names = places.all(of: "q").map { "p." + $0 }
        #expect(Set(names).isSubset(of: topology.queues.map(\.name)))
        #expect(topology.queues.count == ParkPlaces.usual + 3)
        for name in names { #expect(topology.bindings.contains { $0.queue == name && $0.key == name }) }
    }
}

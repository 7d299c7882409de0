// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaMemory
import FlotillaModel
import FlotillaRuntime
import Synchronization
import TestSupport
import Testing

struct PublishTests {
    private static func parent(_ id: String = "p") throws -> Event {
        try Event(
            id: id, source: "/hooks/test", type: "t",
            extensions: [
                "tenant": "acme", "traceparent": "00-1-2-01", "tracestate": "a=b", "partitionkey": "k", "other": "stays behind",
            ])
    }

    @Test func `what follows from an event takes over tenant, trace and partition key, and names it`() async throws {
        let memory = EffectMemory()
        let context = Context(handling: try Self.parent(), queue: "sync", effects: memory)
        let id = try await context.publish(type: "email.send", data: [1], subject: "s", extensions: ["partitionkey": "own", "x": "y"])
        let event = try #require(memory.published.first)
        #expect(event.id == id && id.utf8.count == 32)
        #expect(event.source == "/workers/sync" && event.type == "email.send" && event.subject == "s" && event.data == [1])
        #expect(event.dataContentType == "application/json")
        #expect(
            event.extensions == [
                "tenant": "acme", "traceparent": "00-1-2-01", "tracestate": "a=b", "partitionkey": "own", "parentid": "p", "x": "y",
            ])
    }

    @Test func `its id is the same in every run, and another for another parent, worker, name or key`() async throws {
        func id(_ parent: String = "p", queue: String = "q", name: String? = nil, key: String = "") async throws -> String {
            try await Context(handling: Self.parent(parent), queue: queue).publish(type: "t.u", data: [], name: name, key: key)
        }
        let first = try await id()
        #expect(try await id() == first)
        #expect(try await id(name: "t.u") == first)
        let others = [
            try await id("p2"), try await id(queue: "q2"), try await id(name: "n"), try await id(key: "k"),
            try await id(name: "t", key: ".u"),
        ]
        #expect(Set(others + [first]).count == 6)
    }

    @Test func `a repeated run publishes the same event, which its consumer handles once`() async throws {
        try await Bench.use { bench in
            let handled = Mutex<[String: Int]>([:])
            let worker = try bench.worker(
                handler: Doing { event, context in
                    handled.withLock { $0[event.id, default: 0] += 1 }
                    guard event.source == "/hooks/test" else { return .done }
                    let id = try await context.publish(type: "t", data: Array("{}".utf8))
                    #expect(id != event.id)
                    return context.attempt == 1 ? .retry("again", after: .zero) : .done
                })
            try await bench.broker.publish([event("1")])
            try await bench.running(worker) { try await bench.record.reach("settled", 4) }
            let runs = handled.withLock { $0 }
            #expect(runs["1"] == 2)
            #expect(runs.filter { $0.key != "1" }.map(\.value) == [1])
            // It is in the journal, as what the ingress takes is: each time.
            let end = try #require(try await bench.broker.journalEnd())
            let entries = try await bench.broker.journalPart(behind: nil, upTo: end, since: nil).entries
            #expect(entries.count { $0.event.extensions["parentid"] == "1" } == 2)
        }
    }

    @Test func `one name twice in a run, or what is no event, is a fault of the handler`() async throws {
        let context = Context(handling: try Self.parent())
        try await context.publish(type: "t", data: [])
        try await context.publish(type: "t", data: [], key: "2")
        await #expect(throws: Failure.self) { try await context.publish(type: "t", data: []) }
        await #expect(throws: Failure.self) { try await context.publish(type: "", data: []) }
        await #expect(throws: Failure.self) { try await context.publish(type: "u", data: [], extensions: ["Bad": ""]) }
        // What has the name of an effect is none.
        try await context.effect("t", .atMostOnce) { _ in }
    }

    @Test func `a broker that is away is waited for, and what it refuses ends the event`() async throws {
        try await Bench.use { bench in
            let tries = Tally()
            let worker = try bench.worker(
                handler: Doing { event, context in
                    if tries.count == 0 {
                        bench.broker.fail(because: "away")
                        tries.add()
                    }
                    try await context.publish(type: "other", data: [])
                    return .done
                })
            try await bench.broker.publish([event("1")])
            try await bench.running(worker) {
                try await bench.sleeper.slept(1, for: .milliseconds(50))
                bench.broker.fail(because: nil)
                bench.sleeper.advance(by: .milliseconds(50))
                try await bench.record.reach("mark done")
            }
            #expect(bench.broker.letters(in: QueueNames.unrouted).count == 1)
        }
    }
}

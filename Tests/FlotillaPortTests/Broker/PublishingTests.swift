// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import Testing

struct PublishingTests {
    @Test(arguments: Adapter.allCases)
    func `an event reaches every queue that is bound to its type, and no other`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let broker = try await harness.open().broker
            try await broker.declare("all", bindings: [pattern("#")])
            try await broker.declare("git", bindings: [pattern("github.*"), pattern("github.#"), pattern("gitlab.push")])
            try await broker.declare("mail", bindings: [pattern("mail.#")])
            try await broker.publish([event("1", type: "github.push"), event("2", type: "mail.send"), event("3", type: "gitlab.push")])
            let all = try await broker.subscribe(to: "all", prefetch: 10)
            let git = try await broker.subscribe(to: "git", prefetch: 10)
            let mail = try await broker.subscribe(to: "mail", prefetch: 10)
            #expect(try await all.take(3).map(\.id) == ["1", "2", "3"])
            #expect(try await git.take(2).map(\.id) == ["1", "3"])
            #expect(try await mail.take(1).map(\.id) == ["2"])
        }
    }

    @Test(arguments: Adapter.allCases)
    func `an event that no queue is bound to is kept as unrouted, once`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let holder = try await harness.open()
            try await holder.broker.declare("q", bindings: [pattern("t")])
            try await holder.broker.publish([event("1", type: "nobody.wants")])
            try await holder.broker.publish([event("1", type: "nobody.wants"), event("2", type: "nobody.wants")])
            #expect(try await holder.letters("unrouted").map(\.id) == ["1", "2"])
        }
    }

    @Test(arguments: Adapter.allCases)
    func `who publishes without a task is told the same: that it is confirmed, or that it is not`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let holder = try await harness.open()
            let broker = holder.broker
            try await broker.declare("q", bindings: [pattern("t")])
            func published(_ events: [Event]) async throws {
                try await withCheckedThrowingContinuation { continuation in broker.publish(events) { continuation.resume(with: $0) } }
            }
            try await published([event("1"), event("2")])
            try await published([])
            let subscription = try await broker.subscribe(to: "q", prefetch: 10)
            #expect(try await subscription.take(2).map(\.id) == ["1", "2"])
            // What is memory of this process can't be away.
            guard adapter != .memory else { return }
            await holder.vanish()
            await #expect(throws: (any Error).self) { try await published([event("3")]) }
        }
    }

    @Test(arguments: Adapter.allCases)
    func `declaring again changes nothing; declaring otherwise replaces the bindings and keeps what waits`(_ adapter: Adapter) async throws
    {
        try await adapter.harness { harness in
            let holder = try await harness.open()
            let broker = holder.broker
            for _ in 0..<2 { try await broker.declare("q", bindings: [pattern("a"), pattern("b")]) }
            try await broker.publish([event("1", type: "a")])
            try await broker.declare("q", bindings: [pattern("c")])
            try await broker.publish([event("2", type: "a"), event("3", type: "c")])
            let subscription = try await broker.subscribe(to: "q", prefetch: 10)
            #expect(try await subscription.take(2).map(\.id) == ["1", "3"])
            #expect(try await holder.letters("unrouted").map(\.id) == ["2"])
        }
    }

    @Test(arguments: Adapter.allCases, ["", "unrouted", "q.dead", "q.parked", "Q", "a b", "a/b", String(repeating: "q", count: 101)])
    func `a queue can't be named like a companion, nor by what no metric could show`(_ adapter: Adapter, _ name: String) async throws {
        try await adapter.harness { harness in
            let broker = try await harness.open().broker
            await #expect(throws: BrokerFailure.self) { try await broker.declare(name, bindings: [pattern("#")]) }
        }
    }

    @Test(arguments: Adapter.allCases)
    func `there is no subscribing to a queue that nobody declared`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let broker = try await harness.open().broker
            await #expect(throws: BrokerFailure.self) { _ = try await broker.subscribe(to: "nowhere", prefetch: 1) }
        }
    }

    @Test(arguments: Adapter.allCases)
    func `an event comes out exactly as it went in`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let broker = try await harness.open().broker
            try await broker.declare("q", bindings: [pattern("#")])
            let subscription = try await broker.subscribe(to: "q", prefetch: 1)
            for sent in try SampleEvents.all() {
                try await broker.publish([sent])
                let delivery = try await subscription.one()
                let received = try #require(delivery.event)
                #expect(SampleEvents.bytes(received) == SampleEvents.bytes(sent))
                #expect(received.time == sent.time && received.data == sent.data)
                #expect(delivery.passage == Passage())
                delivery.acknowledge()
            }
        }
    }

    @Test(arguments: Adapter.allCases)
    func `what can't be read comes as a delivery that says why, and can be kept as a dead letter`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let broker = try await harness.open().broker
            try await broker.declare("q", bindings: [pattern("t")])
            let subscription = try await broker.subscribe(to: "q", prefetch: 1)
            try await harness.damage(in: "q")
            let delivery = try await subscription.one()
            #expect(delivery.event == nil)
            try await broker.forward(delivery, to: "q.dead", passage: delivery.passage, after: .zero)
            delivery.acknowledge()
            try await broker.publish([event("next")])
            #expect(try await subscription.one().id == "next")
        }
    }
}

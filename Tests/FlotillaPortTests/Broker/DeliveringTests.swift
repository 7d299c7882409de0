// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import TestSupport
import Testing

struct DeliveringTests {
    @Test(arguments: Adapter.allCases)
    func `deliveries come in the order of publication`(_ adapter: Adapter) async throws {
        try await adapter.queue { broker, subscription in
            for batch in 0..<20 { try await broker.publish((0..<5).map { try event("\(batch * 5 + $0)") }) }
            var ids: [String] = []
            for _ in 0..<100 {
                let delivery = try await subscription.one()
                ids.append(delivery.id)
                delivery.acknowledge()
            }
            #expect(ids == (0..<100).map(String.init))
        }
    }

    @Test(arguments: Adapter.allCases)
    func `deliveries come in the order of publication while many tasks settle them`(_ adapter: Adapter) async throws {
        try await adapter.queue(prefetch: 8) { broker, subscription in
            for batch in 0..<40 { try await broker.publish((0..<25).map { try event("\(batch * 25 + $0)") }) }
            let ids = try await within {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    var ids: [String] = []
                    while ids.count < 1000, let delivery = try await subscription.next() {
                        ids.append(delivery.id)
                        group.addTask { delivery.acknowledge() }
                    }
                    return ids
                }
            }
            #expect(ids == (0..<1000).map(String.init))
        }
    }

    @Test(arguments: Adapter.allCases, [1, 2, 7])
    func `no more than the prefetch is held at any time`(_ adapter: Adapter, _ prefetch: Int) async throws {
        try await adapter.queue(prefetch: prefetch) { broker, subscription in
            try await broker.publish((0..<(prefetch + 3)).map { try event("\($0)") })
            var held = try await subscription.take(prefetch)
            let further = Tally()
            let waiting = Task {
                while try await subscription.next() != nil { further.add() }
            }
            try await broker.settleDown()
            #expect(further.count == 0)
            held.removeFirst().acknowledge()
            // One has gone: one more may come, whatever the prefetch is.
            try await within { await further.reach(1) }
            try await broker.settleDown()
            #expect(further.count == 1)
            await subscription.cancel()
            try await waiting.value
        }
    }

    @Test(arguments: Adapter.allCases)
    func `a delivery is settled once; what is said later is not heard`(_ adapter: Adapter) async throws {
        try await adapter.queue { broker, subscription in
            try await broker.publish([event("1"), event("2")])
            let first = try await subscription.one()
            let second = try await subscription.one()
            first.acknowledge()
            first.giveBack()
            first.acknowledge()
            second.giveBack()
            second.acknowledge()
            let again = try await subscription.one()
            #expect(again.id == "2")
            again.acknowledge()
            try await broker.publish([event("3")])
            #expect(try await subscription.one().id == "3")
        }
    }

    @Test(arguments: Adapter.allCases)
    func `what is given back comes again as it was`(_ adapter: Adapter) async throws {
        try await adapter.queue { broker, subscription in
            try await broker.publish([event("1", data: [1, 2, 3])])
            for _ in 0..<3 {
                let delivery = try await subscription.one()
                #expect(delivery.event == (try event("1", data: [1, 2, 3])))
                #expect(delivery.passage == Passage())
                delivery.giveBack()
            }
            try await subscription.one().acknowledge()
        }
    }

    @Test(arguments: Adapter.allCases)
    func `several who wait for the next delivery get one each, when it is published`(_ adapter: Adapter) async throws {
        try await adapter.queue(prefetch: 8) { broker, subscription in
            let ids = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<8 { group.addTask { try await subscription.one().id } }
                try await broker.publish((0..<4).map { try event("\($0)") })
                try await broker.publish((4..<8).map { try event("\($0)") })
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(ids == Set((0..<8).map(String.init)))
        }
    }

    @Test(arguments: Adapter.allCases)
    func `cancel answers nil to all who wait, and gives back what nobody received`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let broker = try await harness.open().broker
            try await broker.declare("q", bindings: [pattern("t")])
            let idle = try await broker.subscribe(to: "q", prefetch: 4)
            async let first = idle.next()
            async let second = idle.next()
            await idle.cancel()
            let answers = try await [first, second]
            #expect(answers.allSatisfy { $0 == nil })
            #expect(try await idle.next() == nil)

            let busy = try await broker.subscribe(to: "q", prefetch: 4)
            try await broker.publish((0..<4).map { try event("\($0)") })
            let received = try await busy.one()
            try await broker.settleDown()
            await busy.cancel()
            #expect(try await busy.next() == nil)
            let other = try await broker.subscribe(to: "q", prefetch: 10)
            #expect(Set(try await other.take(3).map(\.id)) == ["1", "2", "3"])
            // What was received is still its receiver's to settle.
            received.giveBack()
            #expect(try await other.one().id == "0")
        }
    }

    @Test(arguments: Adapter.allCases)
    func `a task that is cancelled while it waits is let go, and nothing is lost with it`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let broker = try await harness.open().broker
            try await broker.declare("q", bindings: [pattern("t")])
            for round in 0..<50 {
                let subscription = try await broker.subscribe(to: "q", prefetch: 1)
                let waiting = Task { try await subscription.next() }
                let publishing = Task { try await broker.publish([event("\(round)")]) }
                waiting.cancel()
                try await publishing.value
                let received = try await within(.seconds(60), "the end of a wait") { try await waiting.value }
                received?.giveBack()
                await subscription.cancel()
                let other = try await broker.subscribe(to: "q", prefetch: 1)
                let again = try await other.one()
                #expect(again.id == "\(round)")
                again.acknowledge()
                await other.cancel()
            }
        }
    }

    @Test(arguments: Adapter.allCases)
    func `what a process held that vanished is delivered again`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let gone = try await harness.open()
            try await gone.broker.declare("q", bindings: [pattern("t")])
            let subscription = try await gone.broker.subscribe(to: "q", prefetch: 2)
            try await gone.broker.publish((0..<5).map { try event("\($0)") })
            let held = try await subscription.take(2)
            await gone.vanish()
            held[0].acknowledge()
            let next = try await harness.open().broker.subscribe(to: "q", prefetch: 10)
            #expect(Set(try await next.take(5).map(\.id)) == Set((0..<5).map(String.init)))
        }
    }
}

extension Adapter {
    /// A queue `q` for the type `t`, and a subscription to it.
    func queue(prefetch: Int = 10, _ body: (any Broker, any Subscription) async throws -> Void) async throws {
        try await harness { harness in
            let broker = try await harness.open().broker
            try await broker.declare("q", bindings: [pattern("t")])
            try await body(broker, broker.subscribe(to: "q", prefetch: prefetch))
        }
    }
}

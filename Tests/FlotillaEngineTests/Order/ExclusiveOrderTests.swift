// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaMemory
import FlotillaModel
import FlotillaRuntime
import Synchronization
import TestSupport
import Testing

struct ExclusiveOrderTests {
    private static func keyed(_ ids: String..., key: String = "k") throws -> [Event] {
        try ids.map { try Event(id: $0, source: "/hooks/test", type: "t", extensions: ["partitionkey": key]) }
    }

    /// Which handlers have begun, and a gate for one of them.
    private final class Runs: Sendable {
        private let begun = Mutex<[String]>([])
        let tally = Tally()
        let gate = Gate()

        var all: [String] { begun.withLock { $0 } }

        func handler(stops: String, order: EventOrder = .exclusive) -> Doing {
            Doing(order: order) { event, _ in
                self.begun.withLock { $0.append(event.id) }
                self.tally.add()
                await self.gate.pass(event.id == stops)
                return .done
            }
        }
    }

    @Test func `whoever waits for its key takes no handler's place, and runs after the one before it`() async throws {
        try await Bench.use { bench in
            let runs = Runs()
            let worker = try bench.worker(concurrency: 2, prefetch: 16, handler: runs.handler(stops: "1"))
            try await bench.broker.publish(Self.keyed("1"))
            try await bench.running(worker) {
                try await within { await runs.tally.reach(1) }
                try await bench.broker.publish(Self.keyed("2", "3") + [event("a"), event("b")] + Self.keyed("other", key: "l"))
                try await bench.record.reach("settled", 3)
                #expect(runs.all.first == "1" && Set(runs.all) == ["1", "a", "b", "other"])
                runs.gate.open()
                try await bench.record.reach("settled", 6)
            }
            #expect(Array(runs.all.suffix(2)) == ["2", "3"])
            #expect(bench.broker.depth(of: "q") == 0)
        }
    }

    @Test func `a handler that asks for no order has its events at once`() async throws {
        try await Bench.use { bench in
            let runs = Runs()
            let worker = try bench.worker(concurrency: 4, prefetch: 16, handler: runs.handler(stops: "1", order: .none))
            try await bench.broker.publish(Self.keyed("1", "2", "3"))
            try await bench.running(worker) {
                try await within { await runs.tally.reach(3) }
                runs.gate.open()
                try await bench.record.reach("settled", 3)
            }
        }
    }

    @Test func `what finds no room in its line is sent away and comes back, and no attempt is spent`() async throws {
        try await Bench.use { bench in
            let runs = Runs()
            let attempts = Mutex<Set<Int>>([])
            let inner = runs.handler(stops: "0")
            let worker = try bench.worker(
                concurrency: 2, prefetch: 8,
                handler: Doing { event, context in
                    _ = attempts.withLock { $0.insert(context.attempt) }
                    return try await inner.handle(event, context: context)
                })
            let ids = (0..<8).map { "\($0)" }
            try await bench.broker.publish(Self.keyed(ids[0]))
            try await bench.running(worker) {
                try await within { await runs.tally.reach(1) }
                for id in ids.dropFirst() { try await bench.broker.publish(Self.keyed(id)) }
                // One runs, and takes long: a quarter of the prefetch goes on waiting.
                try await bench.sleeper.slept(1, for: .milliseconds(500))
                bench.sleeper.advance(by: .seconds(2), waking: .milliseconds(500))
                try await bench.record.reach("forward q", 5)
                #expect(runs.all == ["0"])
                // Others go on meanwhile.
                try await bench.broker.publish([event("a")])
                try await within { await runs.tally.reach(2) }
                runs.gate.open()
                try await bench.record.reach("settled", 4)
                // Some may find no room once more.
                try await within {
                    while runs.tally.count < 9 {
                        try await bench.pass(.seconds(60))
                        await Task.yield()
                    }
                }
                try await bench.record.reach("settled", 9)
            }
            #expect(Set(runs.all) == Set(ids + ["a"]) && runs.all.count == 9 && attempts.withLock { $0 } == [1])
        }
    }

    @Test func `what waits in line is given back by a drain, and what runs ends`() async throws {
        try await Bench.use { bench in
            let runs = Runs()
            let worker = try bench.worker(concurrency: 4, prefetch: 16, handler: runs.handler(stops: "1"))
            try await bench.broker.publish(Self.keyed("1"))
            try await bench.running(worker) {
                try await within { await runs.tally.reach(1) }
                try await bench.broker.publish(Self.keyed("2", "3") + [event("a")])
                try await within { await runs.tally.reach(2) }
                await worker.drain()
                runs.gate.open()
            }
            #expect(runs.all.count == 2)
            #expect(bench.broker.depth(of: "q") == 2)
            #expect(bench.record.steps.count { $0 == "give back" } == 2)
        }
    }

    /// A session was lost, and others hold by now what waits in line here: the broker refused the copy of each, and after each of these
    /// there was a pause.
    @Test func `what can't be sent away is given back, all of it after one pause`() async throws {
        try await Bench.use { bench in
            let runs = Runs()
            let worker = try bench.worker(concurrency: 2, prefetch: 16, handler: runs.handler(stops: "1")) {
                $0.handlerLimit = .seconds(600)
            }
            try await bench.broker.publish(Self.keyed("1"))
            try await bench.running(worker) {
                try await within { await runs.tally.reach(1) }
                try await bench.broker.publish(Self.keyed("2", "3", "4") + [event("a")])
                try await within { await runs.tally.reach(2) }
                bench.record.fail("refused", times: .max)
                // Nobody waits for longer than 120 seconds.
                for look in 1...3 {
                    try await bench.sleeper.slept(look, for: .milliseconds(500))
                    bench.sleeper.advance(by: .seconds(45), waking: .milliseconds(500))
                }
                try await bench.sleeper.slept(1, for: .seconds(5))
                bench.sleeper.advance(by: .seconds(5), waking: .seconds(5))
                try await bench.record.reach("give back", 3)
                #expect(bench.record.steps.count { $0 == "refused failed" } == 1)
                bench.record.fail("refused", times: 0)
                runs.gate.open()
                try await within { await runs.tally.reach(5) }
            }
            #expect(Set(runs.all) == ["1", "2", "3", "4", "a"] && bench.broker.depth(of: "q") == 0)
        }
    }

    @Test func `while another process is in the lane its events are sent away; nothing of it stays behind when they have run`() async throws
    {
        try await Bench.use { bench in
            let runs = Runs()
            let request = LaneRequest(
                lane: try LaneKey(consumer: "q", partitionKey: "k"), key: try key("0"), generation: 0, owner: 1, turn: 1, kind: .exclusive)
            let held = try await bench.ledger.enter(request)
            let worker = try bench.worker(concurrency: 2, prefetch: 16, handler: runs.handler(stops: "-"))
            try await bench.broker.publish(Self.keyed("1", "2", "3"))
            try await bench.running(worker) {
                try await bench.record.reach("forward q", 3)
                #expect(runs.all.isEmpty)
                #expect(try await bench.entry("1") == nil)
                guard case .entered(let lane) = held else { return }
                _ = try await bench.ledger.change(leaving: [LaneLeave(lane)], asking: [])
                try await bench.pass(.seconds(15))
                try await bench.record.reach("settled", 3)
            }
            #expect(Set(runs.all) == ["1", "2", "3"])
            #expect(try await bench.ledger.enter(request) == held)
        }
    }

    @Test(arguments: [false, true])
    func `a handler whose lane is lost is cancelled, and its event is given back unspent`(_ isRepeatable: Bool) async throws {
        try await Bench.use { bench in
            let started = Tally()
            let worker = try bench.worker(
                concurrency: 2, prefetch: 16,
                handler: Doing(isRepeatable: isRepeatable) { _, _ in
                    started.add()
                    if started.count > 1 { return .done }
                    await Tally().reach(1)
                    try Task.checkCancellation()
                    return .done
                })
            try await bench.broker.publish(Self.keyed("1"))
            try await bench.running(worker) {
                try await within { await started.reach(1) }
                try await bench.sleeper.slept(1, for: .milliseconds(500))
                // As if this process had been taken for dead; its claim nobody has taken over.
                try await bench.ledger.takeLane("k")
                bench.sleeper.advance(by: .seconds(1))
                try await bench.record.reach("give back")
                try await bench.ledger.giveLane("k")
                try await bench.pass(.seconds(15))
                try await bench.record.reach(isRepeatable ? "mark done unclaimed" : "mark done")
            }
            #expect(try await bench.entry()?.state == .done)
            #expect(try await bench.entry()?.round == 1)
        }
    }

    /// The store is asked for nothing.
    @Test func `an event without a partition key pays for no lane`() async throws {
        struct Forbidden: Lanes {
            func change(leaving: [LaneLeave], asking: [LaneRequest]) async throws -> LaneReply {
                Issue.record("asked for a lane")
                return LaneReply()
            }
            func lost(among held: [HeldLane]) async throws -> [HeldLane] {
                Issue.record("asked for lanes")
                return []
            }
        }
        try await Bench.use { bench in
            for order in [EventOrder.exclusive, .strict] {
                let runs = Runs()
                let worker = try bench.worker(
                    concurrency: 2, prefetch: 8, handler: runs.handler(stops: "-", order: order), lanes: Forbidden())
                try await bench.broker.publish([event("1 \(order)"), event("2 \(order)")])
                try await bench.running(worker) {
                    try await within { await runs.tally.reach(2) }
                    try await bench.sleeper.slept(1, for: .milliseconds(500))
                    bench.sleeper.advance(by: .seconds(1))
                }
                #expect(runs.all.count == 2)
            }
        }
    }
}

extension MemoryLedger {
    /// Another process enters, whoever is in it.
    fileprivate func takeLane(_ key: String) async throws {
        let lane = try LaneKey(consumer: "q", partitionKey: key)
        vanishLanes()
        let request = LaneRequest(lane: lane, key: lane.hash, generation: 0, owner: 99, turn: 99, kind: .exclusive)
        #expect(try await enter(request) == .entered(HeldLane(lane: lane, turn: 99)))
    }

    fileprivate func giveLane(_ key: String) async throws {
        let lane = try LaneKey(consumer: "q", partitionKey: key)
        _ = try await change(leaving: [LaneLeave(HeldLane(lane: lane, turn: 99))], asking: [])
    }
}

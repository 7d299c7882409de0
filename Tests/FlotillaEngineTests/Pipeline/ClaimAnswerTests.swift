// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaMemory
import FlotillaModel
import Synchronization
import TestSupport
import Testing

struct ClaimAnswerTests {
    private static let untouched = Doing { _, _ in
        Issue.record("handled")
        return .done
    }

    @Test(arguments: [LedgerMark.done, .dead, .parked])
    func `a copy of what has ended is acknowledged and not handled`(_ mark: LedgerMark) async throws {
        try await Bench.use { bench in
            _ = try await bench.ledger.claim(key("1"), round: 1, generation: 0, alone: false)
            _ = try await bench.ledger.mark(key("1"), fence: 1, as: mark)
            #expect(try await bench.settle(Self.untouched) == ["claim", "acknowledge"])
        }
    }

    @Test func `an older copy is acknowledged and not handled`() async throws {
        try await Bench.use { bench in
            _ = try await bench.ledger.claim(key("1"), round: 1, generation: 0, alone: false)
            _ = try await bench.ledger.mark(key("1"), fence: 1, as: .retrying(next: 2))
            #expect(try await bench.settle(Self.untouched) == ["claim", "acknowledge"])
        }
    }

    @Test func `what somebody else runs comes back after their lease, and spends no attempt`() async throws {
        try await Bench.use { bench in
            _ = try await bench.ledger.claim(key("1"), round: 1, generation: 0, alone: false)
            #expect(try await bench.settle(Self.untouched) == ["claim", "forward q", "acknowledge"])
            _ = try await bench.ledger.mark(key("1"), fence: 1, as: .free)
            let worker = try bench.worker(handler: Doing { _, context in context.attempt == 1 ? .done : .dead("an attempt was spent") })
            try await bench.running(worker) {
                try await bench.pass(.seconds(29))
                #expect(bench.broker.depth(of: "q") == 1)
                try await bench.pass(.seconds(2))
                try await bench.record.reach("settled", 2)
            }
            #expect(try await bench.entry()?.state == .done)
        }
    }

    @Test func `a suspect runs with nobody beside it`() async throws {
        try await Bench.use { bench in
            _ = try await bench.ledger.claim(key("suspect"), round: 1, generation: 0, alone: false)
            bench.ledger.vanish()
            let inside = Mutex<Set<String>>([])
            let gate = Tally()
            let worker = try bench.worker(
                concurrency: 4, prefetch: 8,
                handler: Doing { event, _ in
                    let beside = inside.withLock { inside in
                        inside.insert(event.id)
                        return inside
                    }
                    if event.id == "suspect" { #expect(beside == ["suspect"]) } else { #expect(!beside.contains("suspect")) }
                    if event.id == "slow" { try await within { await gate.reach(1) } }
                    inside.withLock { _ = $0.remove(event.id) }
                    return .done
                })
            try await bench.broker.publish([event("slow"), event("suspect"), event("3"), event("4"), event("5")])
            try await bench.running(worker) {
                try await bench.record.reach("claim", 2)
                gate.add()
                try await bench.record.reach("settled", 5)
            }
            #expect(bench.record.steps.contains("claim alone"))
            #expect(try await bench.entry("suspect") == LedgerRow(state: .done, round: 1, generation: 0, crashes: 1, fence: 3))
        }
    }

    @Test func `a suspect that can't be alone for long is sent away, and runs later`() async throws {
        try await Bench.use { bench in
            _ = try await bench.ledger.claim(key("suspect"), round: 1, generation: 0, alone: false)
            bench.ledger.vanish()
            let (begun, gate) = (Tally(), Tally())
            let worker = try bench.worker(
                concurrency: 2, prefetch: 4,
                handler: Doing { event, _ in
                    begun.add()
                    if event.id == "slow" { try await within { await gate.reach(1) } }
                    return .done
                }, change: { $0.handlerLimit = .seconds(600) })
            try await bench.broker.publish([event("slow")])
            try await bench.running(worker) {
                try await within { await begun.reach(1) }
                try await bench.broker.publish([event("suspect")])
                try await bench.record.reach("claim", 2)
                // Held for no longer than that, and no shorter.
                try await bench.sleeper.slept(1, for: .seconds(1))
                bench.sleeper.advance(by: .seconds(59))
                try await bench.sleeper.slept(2, for: .seconds(1))
                #expect(!bench.record.steps.contains("forward q"))
                bench.sleeper.advance(by: .seconds(1))
                try await bench.record.reach("forward q")
                #expect(!bench.record.steps.contains("handle"), "the slow one has not ended")
                gate.add()
                try await bench.record.reach("mark done")
                try await bench.pass(.seconds(20))
                try await bench.record.reach("mark done", 2)
            }
            #expect(try await bench.entry("suspect")?.state == .done)
        }
    }

    @Test func `what has brought three processes down is a dead letter that says so`() async throws {
        try await Bench.use { bench in
            for _ in 0..<3 {
                _ = try await bench.ledger.claim(key("1"), round: 1, generation: 0, alone: true)
                bench.ledger.vanish()
            }
            #expect(try await bench.settle(Self.untouched) == ["claim", "forward q.dead", "mark dead", "acknowledge"])
            let passage = try #require(bench.broker.letters(in: "q.dead").first?.passage)
            #expect(passage.failureClass == "poison" && passage.reason?.hasPrefix("crashed: ") == true)
        }
    }
}

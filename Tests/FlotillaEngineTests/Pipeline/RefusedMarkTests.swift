// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaMemory
import FlotillaModel
import FlotillaRuntime
import Synchronization
import TestSupport
import Testing

/// What the successor of a worker that was paused past its lease does with the event.
enum Successor: CaseIterable {
    case ends, runs, isKilled

    fileprivate func takeOver(_ bench: Bench) async throws {
        bench.ledger.vanish()
        guard case .run(let fence) = try await bench.ledger.claim(key("1"), round: 1, generation: 0, alone: true) else {
            Issue.record("not taken over")
            return
        }
        switch self {
        case .ends: #expect(try await bench.ledger.mark(key("1"), fence: fence, as: .done))
        case .runs: break
        case .isKilled: bench.ledger.vanish()
        }
    }

    /// What becomes of the delivery when it is claimed again.
    fileprivate var answer: [String] {
        switch self {
        case .ends: ["claim", "acknowledge"]
        case .runs: ["claim", "forward q", "acknowledge"]
        case .isKilled: ["claim", "claim alone", "handle", "mark done", "acknowledge"]
        }
    }
}

struct LostCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let outcome: Outcome
    /// When it was lost while the handler ran, and when it was lost behind the copy.
    let early: [String]
    let late: [String]

    fileprivate static let table = [
        LostCase(testDescription: "done", outcome: .done, early: ["mark refused"], late: []),
        LostCase(
            testDescription: "retry", outcome: .retry("later"), early: ["forward q", "mark refused"], late: ["forward q", "mark refused"]),
        LostCase(testDescription: "dead", outcome: .dead("never"), early: ["lost"], late: ["forward q.dead", "mark refused"]),
        LostCase(
            testDescription: "park", outcome: .park(connection: "c", "no consent"), early: ["lost"],
            late: ["forward q.parked", "mark refused"]),
    ]
}

/// A claim that is lost before its mark: the ledger is asked again, and its answer followed.
struct RefusedMarkTests {
    /// The first run ends so, and others are done. Where the claim is lost is told from outside.
    private static func steps(
        _ row: LostCase, _ bench: Bench, inRun: @escaping @Sendable () async throws -> Void = {},
        behindCopy: @escaping @Sendable () async throws -> Void = {}
    ) async throws -> [String] {
        let runs = Tally()
        let copies = Tally()
        let handler = Doing { _, _ in
            runs.add()
            guard runs.count == 1 else { return .done }
            try await inRun()
            return row.outcome
        }
        let worker = try bench.worker(
            parks: true, handler: handler,
            forwarded: {
                copies.add()
                if copies.count == 1 { try await behindCopy() }
            })
        try await bench.broker.publish([event("1")])
        try await bench.running(worker) { try await bench.record.reach("settled") }
        return bench.record.steps.filter { $0 != "settled" }
    }

    @Test(arguments: LostCase.table, Successor.allCases)
    fileprivate func `a claim that is lost while the handler runs leaves no letter, and the delivery goes as the ledger says`(
        _ row: LostCase, _ successor: Successor
    ) async throws {
        try await Bench.use { bench in
            let steps = try await Self.steps(row, bench, inRun: { try await successor.takeOver(bench) })
            #expect(steps == ["claim", "handle"] + row.early + successor.answer)
            #expect(bench.broker.letters(in: "q.dead").isEmpty && bench.broker.letters(in: "q.parked").isEmpty)
        }
    }

    @Test(arguments: LostCase.table.filter { !$0.late.isEmpty }, Successor.allCases)
    fileprivate func `a claim that is lost behind its copy does not settle the delivery, either: it goes as the ledger says`(
        _ row: LostCase, _ successor: Successor
    ) async throws {
        try await Bench.use { bench in
            let steps = try await Self.steps(row, bench, behindCopy: { try await successor.takeOver(bench) })
            #expect(steps == ["claim", "handle"] + row.late + successor.answer)
        }
    }

    @Test(arguments: LostCase.table.filter { !$0.late.isEmpty })
    fileprivate func `a copy whose mark was refused begins no other life of what its successor has done`(_ row: LostCase) async throws {
        try await Bench.use { bench in
            _ = try await Self.steps(row, bench, behindCopy: { try await Successor.ends.takeOver(bench) })
            let done = try await bench.entry()
            // A retry's comes after its delay.
            let worker = try bench.worker(
                handler: Doing { _, _ in
                    Issue.record("handled")
                    return .done
                })
            try await bench.running(worker) {
                try await bench.pass(.seconds(100))
                try await until { bench.broker.depth(of: "q") == 0 }
            }
            // A parked one is put away when its connection is back.
            _ = try await bench.consents.authorise("c")
            var resumption = Resumption("c", in: "q", bench.parking)
            #expect(try await resumption.step(atMost: 10) == .ended(0))
            #expect(bench.broker.letters(in: "q.parked").isEmpty && bench.broker.depth(of: "q") == 0)
            #expect(try await bench.entry() == done && done?.state == .done)
        }
    }

    @Test func `what is parked without a run, too, goes as the ledger says when its mark is refused`() async throws {
        try await Bench.use { bench in
            let gate = Tally()
            let worker = try bench.worker(
                concurrency: 2, prefetch: 4,
                handler: Doing(order: .strict) { _, _ in
                    try await within { await gate.reach(1) }
                    return .done
                },
                change: {
                    $0.laneLimit = 1
                    $0.lanePatience = .zero
                },
                forwarded: { try await bench.ledger.discard(key("1"), generation: 0) })
            let events = try ["0", "1"].map { try Event(id: $0, source: "/hooks/test", type: "t", extensions: ["partitionkey": "k"]) }
            try await bench.broker.publish(events)
            try await bench.running(worker) {
                try await bench.record.reach("forward q.parked")
                try await bench.record.reach("acknowledge")
                // The claim of the first one, which runs, comes among them at any time.
                #expect(
                    bench.record.steps.filter { $0 != "settled" && $0 != "claim" } == [
                        "claim alone", "forward q.parked", "mark refused", "claim alone", "acknowledge",
                    ])
                gate.add()
                try await bench.record.reach("mark done")
            }
        }
    }

    @Test func `a retry whose mark was written and its answer lost tells its lane when it comes again`() async throws {
        final class Leaving: Lanes {
            let lanes: any Lanes
            let left = Mutex<[LaneLeave]>([])

            init(_ lanes: any Lanes) { self.lanes = lanes }

            func change(leaving: [LaneLeave], asking: [LaneRequest]) async throws -> LaneReply {
                left.withLock { $0 += leaving }
                return try await lanes.change(leaving: leaving, asking: asking)
            }

            func lost(among held: [HeldLane]) async throws -> [HeldLane] { try await lanes.lost(among: held) }
        }
        try await Bench.use { bench in
            let lanes = Leaving(bench.ledger)
            let worker = try bench.worker(handler: Doing(order: .strict) { _, _ in .retry("later") }, lanes: lanes)
            bench.record.fail("answer of mark", times: 1)
            let due = bench.clock.now + .seconds(10)
            try await bench.broker.publish([try Event(id: "1", source: "/hooks/test", type: "t", extensions: ["partitionkey": "k"])])
            try await bench.running(worker) {
                try await bench.sleeper.slept(1, for: .milliseconds(50))
                bench.sleeper.wake(.milliseconds(50))
                try await bench.record.reach("settled")
            }
            #expect(bench.record.steps.contains("mark refused"))
            #expect(lanes.left.withLock { $0.map(\.due) } == [due])
        }
    }
}

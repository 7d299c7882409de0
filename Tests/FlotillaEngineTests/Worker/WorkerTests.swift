// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaMemory
import FlotillaModel
import FlotillaRuntime
import TestSupport
import Testing

struct WorkerTests {
    /// Waits as a handler does that obeys its cancellation.
    @Sendable private static func obey() async throws -> Outcome {
        let never = Tally()
        await never.reach(1)
        try Task.checkCancellation()
        return .done
    }

    @Test func `a handler that overruns its deadline is cancelled, and the event is tried again`() async throws {
        try await Bench.use { bench in
            let started = Tally()
            let worker = try bench.worker(
                handler: Doing { _, _ in
                    started.add()
                    return try await Self.obey()
                })
            try await bench.broker.publish([event("1")])
            try await bench.running(worker) {
                try await within { await started.reach(1) }
                try await bench.sleeper.slept(1, for: .seconds(1))
                bench.sleeper.advance(by: .seconds(60))
                try await bench.record.reach("settled")
            }
            #expect(try await bench.entry() == LedgerRow(state: .retrying, round: 2, generation: 0, fence: 1))
        }
    }

    @Test func `a clock that is set an hour ahead ends no handler`() async throws {
        try await Bench.use { bench in
            let gate = Gate()
            let worker = try bench.worker(
                handler: Doing { _, _ in
                    await gate.pass()
                    return Task.isCancelled ? .dead("cancelled") : .done
                })
            try await bench.broker.publish([event("1")])
            try await bench.running(worker) {
                try await within { await gate.arrived.reach(1) }
                try await bench.sleeper.slept(1, for: .seconds(1))
                bench.clock.set(bench.clock.now + .seconds(3600))
                bench.sleeper.advance(by: .seconds(1))
                try await bench.sleeper.slept(2, for: .seconds(1))
                gate.open()
                try await bench.record.reach("settled")
            }
            #expect(try await bench.entry()?.state == .done)
        }
    }

    @Test func `what a handler returns after its deadline, before it is left behind, is believed`() async throws {
        try await Bench.use { bench in
            let started = Tally()
            let worker = try bench.worker(
                handler: Doing { _, _ in
                    started.add()
                    await Tally().reach(1)
                    return .done
                })
            try await bench.broker.publish([event("1")])
            try await bench.running(worker) {
                try await within { await started.reach(1) }
                try await bench.sleeper.slept(1, for: .seconds(1))
                bench.sleeper.advance(by: .seconds(60))
                try await bench.record.reach("settled")
            }
            #expect(try await bench.entry()?.state == .done)
        }
    }

    @Test func `a handler that ignores its cancellation is left behind, and what it then returns changes nothing`() async throws {
        try await Bench.use { bench in
            let gate = Gate()
            let worker = try bench.worker(
                handler: Doing { _, _ in
                    await gate.pass()
                    return .dead("late")
                })
            try await bench.broker.publish([event("1"), event("2")])
            try await bench.running(worker) {
                try await within { await gate.arrived.reach(1) }
                try await bench.sleeper.slept(1, for: .seconds(1))
                bench.sleeper.advance(by: .seconds(60))
                #expect(worker.ailment == nil)
                try await bench.sleeper.slept(2, for: .seconds(1))
                bench.sleeper.advance(by: .seconds(5))
                try await bench.record.reach("settled")
                #expect(try await bench.entry() == LedgerRow(state: .retrying, round: 2, generation: 0, fence: 1))
                // Its only lane is stuck: it takes nothing more, and says so.
                #expect(worker.ailment?.contains("ignore their deadline") == true)
                try await bench.sleeper.slept(4, for: .seconds(1))
                #expect(gate.arrived.count == 1 && bench.broker.depth(of: "q") == 2)
                gate.open()
                await worker.drain()
                bench.sleeper.advance(by: .seconds(1))
            }
            #expect(bench.broker.letters(in: "q.dead").isEmpty)
            #expect(try await bench.entry() == LedgerRow(state: .retrying, round: 2, generation: 0, fence: 1))
        }
    }

    /// The lane waited for the handlers that were left behind, and a drain for the lane.
    @Test func `a worker whose lanes are all stuck can still be drained`() async throws {
        try await Bench.use { bench in
            let gate = Gate()
            defer { gate.open() }
            let worker = try bench.worker(
                handler: Doing { _, _ in
                    await gate.pass()
                    return .done
                })
            try await bench.broker.publish([event("1")])
            let running = Task { try await worker.run() }
            try await within { await gate.arrived.reach(1) }
            try await bench.sleeper.slept(1, for: .seconds(1))
            bench.sleeper.advance(by: .seconds(65))
            try await bench.record.reach("settled")
            try await bench.sleeper.slept(3, for: .seconds(1))
            await worker.drain()
            bench.sleeper.advance(by: .seconds(1))
            try await within { try await running.value }
        }
    }

    @Test func `a handler whose claim is lost is cancelled; what it says then is not believed`() async throws {
        try await Bench.use { bench in
            let started = Tally()
            let worker = try bench.worker(
                handler: Doing { _, context in
                    started.add()
                    guard started.count == 1 else { return .done }
                    await Tally().reach(1)
                    return .dead("the other one will do it")
                })
            try await bench.broker.publish([event("1")])
            try await bench.running(worker) {
                try await within { await started.reach(1) }
                bench.ledger.vanish()
                let other = try await bench.ledger.claim(key("1"), round: 1, generation: 0, alone: true)
                #expect(other == .run(fence: 2))
                try await bench.sleeper.slept(1, for: .seconds(1))
                bench.sleeper.advance(by: .seconds(1))
                try await bench.record.reach("settled", 2)
            }
            // Given back, it finds the event busy, and asks again after the other's lease.
            #expect(
                bench.record.steps.filter { $0 != "settled" } == [
                    "claim", "lost", "handle", "mark refused", "give back", "claim", "forward q", "acknowledge",
                ])
            #expect(bench.broker.letters(in: "q.dead").isEmpty)
        }
    }

    @Test func `a drain finishes what was taken and takes nothing more`() async throws {
        try await Bench.use { bench in
            let gate = Gate()
            let worker = try bench.worker(
                concurrency: 2, prefetch: 4,
                handler: Doing { _, _ in
                    await gate.pass()
                    return .done
                })
            try await bench.broker.publish((0..<6).map { try event("\($0)") })
            let running = Task { try await worker.run() }
            try await within { await gate.arrived.reach(2) }
            await worker.drain()
            #expect(bench.broker.depth(of: "q") == 6)
            gate.open()
            try await within { try await running.value }
            #expect(gate.arrived.count == 2)
            #expect(bench.broker.depth(of: "q") == 4)
        }
    }

    @Test func `a worker that is drained before it runs takes nothing`() async throws {
        try await Bench.use { bench in
            let worker = try bench.worker(handler: Doing { _, _ in .done })
            try await bench.broker.publish([event("1")])
            await worker.drain()
            try await within { try await worker.run() }
            #expect(bench.broker.depth(of: "q") == 1)
        }
    }

    @Test func `cancelled, a worker frees and gives back what it holds, though handlers ignore it`() async throws {
        try await Bench.use { bench in
            let gate = Gate()
            defer { gate.open() }
            let worker = try bench.worker(
                concurrency: 2, prefetch: 4,
                handler: Doing { event, _ in
                    await gate.pass(event.id == "0")
                    return try await Self.obey()
                })
            try await bench.broker.publish((0..<4).map { try event("\($0)") })
            let running = Task { try await worker.run() }
            try await within { await gate.arrived.reach(2) }
            running.cancel()
            _ = try await within { await running.result }
            #expect(bench.broker.depth(of: "q") == 4)
            #expect(try await bench.entry("0")?.state == .free)
            #expect(try await bench.entry("1")?.state == .free)
        }
    }
}

/// A door that handlers stand before, deaf to cancellation, until it is opened.
final class Gate: Sendable {
    let arrived = Tally()
    private let opened = Tally()

    func open() { opened.add() }

    func pass(_ stops: Bool = true) async {
        arrived.add()
        guard stops else { return }
        // A task of its own does not hear that the handler was cancelled.
        await Task { await opened.reach(1) }.value
    }
}

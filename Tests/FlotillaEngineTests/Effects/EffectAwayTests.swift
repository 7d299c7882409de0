// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaMemory
import FlotillaModel
import FlotillaRuntime
import TestSupport
import Testing

private struct Broken: Error {}

struct EffectAwayTests {
    @Test(arguments: ["begin", "finish", "withdraw"])
    func `a store that is away is waited for, the call is made once, and no attempt is spent`(_ step: String) async throws {
        try await Bench.use { bench in
            bench.record.fail(step, times: 2)
            let calls = Tally()
            let worker = try bench.worker(
                handler: Doing { _, context in
                    try await context.effect("send", .atMostOnce) { _ in
                        calls.add()
                        if step == "withdraw", calls.count == 1 {
                            throw NotDone(Failure(.throttled(until: Timestamp(microseconds: 0)), ""))
                        }
                    }
                    #expect(context.attempt == 1)
                    return .done
                })
            try await bench.broker.publish([event("1")])
            try await bench.running(worker) {
                for milliseconds in [50, 100] {
                    try await bench.sleeper.slept(1, for: .milliseconds(milliseconds))
                    bench.sleeper.advance(by: .milliseconds(milliseconds))
                }
                try await bench.record.reach("mark done")
            }
            #expect(calls.count == (step == "withdraw" ? 2 : 1))
        }
    }

    @Test func `a store that is away until the deadline costs no attempt: the delivery is given back`() async throws {
        try await Bench.use { bench in
            bench.record.fail("begin", times: 1)
            let attempts = Tally()
            let worker = try bench.worker(
                handler: Doing { _, context in
                    attempts.add()
                    #expect(context.attempt == 1)
                    try await context.effect("send", .atMostOnce) { _ in }
                    return .done
                })
            try await bench.broker.publish([event("1")])
            try await bench.running(worker) {
                try await bench.sleeper.slept(1, for: .milliseconds(50))
                // The keeper's sweep is first at the clock, and cancels it in its sleep.
                try await bench.sleeper.slept(1, for: .seconds(1))
                bench.sleeper.advance(by: .seconds(61), waking: .seconds(1))
                try await bench.record.reach("mark done")
            }
            #expect(attempts.count == 2)
            #expect(bench.record.steps.contains("mark free") && bench.record.steps.contains("give back"))
        }
    }

    /// Another worker took the event over while the call was under way: what this one says counts no more, even if it is dead as far as
    /// its handler can tell.
    @Test(arguments: ["returns", "throws", "swallows"])
    func `a claim that is lost during the call records nothing, and the handler is not believed`(_ way: String) async throws {
        try await Bench.use { bench in
            let calls = Tally()
            let worker = try bench.worker(
                handler: Doing { _, context in
                    do {
                        try await context.effect("send", .repeatable) { _ in
                            calls.add()
                            guard calls.count == 1 else { return }
                            let held = try #require(try await bench.entry())
                            #expect(try await bench.ledger.mark(key("1"), fence: held.fence, as: .free))
                            if way == "throws" { throw NotDone(Broken()) }
                        }
                    } catch is CancellationError {
                        if way != "swallows" { throw Failure(.permanent, "cancelled") }
                        return .dead("nobody may see this")
                    }
                    return .done
                })
            try await bench.broker.publish([event("1")])
            try await bench.running(worker) { try await bench.record.reach("mark done") }
            #expect(bench.broker.letters(in: "q.dead").isEmpty)
            #expect(bench.record.steps.contains(way == "throws" ? "withdraw refused" : "finish refused"))
            #expect(calls.count == 2)
        }
    }

    @Test func `nothing begins once a handler has ended or was cancelled`() async throws {
        try await Bench.use { bench in
            let late = Tally()
            let worker = try bench.worker(
                handler: Doing { _, context in
                    Task {
                        try await bench.record.reach("settled")
                        await #expect(throws: CancellationError.self) {
                            try await context.effect("late", .repeatable) { _ in late.add() }
                        }
                        await #expect(throws: CancellationError.self) { try await context.publish(type: "t", data: []) }
                        bench.record.add("refused late")
                    }
                    return .done
                })
            try await bench.broker.publish([event("1")])
            try await bench.running(worker) { try await bench.record.reach("refused late") }
            #expect(late.count == 0)
            #expect(try await bench.ledger.effects(of: key("1")).isEmpty)
        }
    }
}

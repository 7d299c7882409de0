// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaMemory
import FlotillaModel
import TestSupport
import Testing

struct AwayTests {
    @Test(arguments: ["claim", "forward", "mark"])
    func `a store or broker that is away is waited for, with growing pauses, and costs no attempt`(_ call: String) async throws {
        try await Bench.use { bench in
            bench.record.fail(call, times: 9)
            let attempts = Tally()
            let worker = try bench.worker(
                handler: Doing { _, context in
                    attempts.add()
                    #expect(context.attempt == 1)
                    return .dead("never")
                })
            try await bench.broker.publish([event("1")])
            try await bench.running(worker) {
                for milliseconds in [50, 100, 200, 400, 800, 1600, 3200, 5000] {
                    try await bench.sleeper.slept(1, for: .milliseconds(milliseconds))
                    bench.sleeper.advance(by: .milliseconds(milliseconds))
                }
                try await bench.sleeper.slept(2, for: .seconds(5))
                #expect(!bench.record.steps.contains("settled"))
                bench.sleeper.advance(by: .seconds(5))
                try await bench.record.reach("settled")
            }
            #expect(attempts.count == 1)
            #expect(try await bench.entry()?.state == .dead)
            #expect(bench.broker.letters(in: "q.dead").count == 1)
        }
    }

    @Test(arguments: ["claim", "forward", "mark"])
    func `a worker that is cancelled while it waits for them gives the delivery back`(_ call: String) async throws {
        try await Bench.use { bench in
            bench.record.fail(call, times: .max)
            let worker = try bench.worker(handler: Doing { _, _ in .dead("never") })
            try await bench.broker.publish([event("1")])
            let running = Task { try await worker.run() }
            try await bench.sleeper.slept(1, for: .milliseconds(50))
            running.cancel()
            _ = try await within { await running.result }
            #expect(bench.record.steps.last { $0 != "settled" } == "give back")
            #expect(bench.broker.depth(of: "q") == 1)
        }
    }

    /// The lease of a process had run out while it stood still, and others had settled the delivery: its own copy was refused again and
    /// again, for ever, and the lane never took another event.
    @Test func `a copy that the broker refuses is not tried for ever: the claim is freed and the delivery given back`() async throws {
        try await Bench.use { bench in
            bench.record.fail("refused", times: 1)
            let worker = try bench.worker(handler: Doing { _, _ in .dead("never") })
            try await bench.broker.publish([event("1")])
            try await bench.running(worker) {
                try await bench.sleeper.slept(1, for: .seconds(5))
                bench.sleeper.advance(by: .seconds(5))
                try await bench.record.reach("settled", 2)
            }
            let steps = bench.record.steps.filter { $0 != "settled" }
            #expect(
                steps == [
                    "claim", "handle", "refused failed", "mark free", "give back", "claim", "handle", "forward q.dead", "mark dead",
                    "acknowledge",
                ])
        }
    }
}

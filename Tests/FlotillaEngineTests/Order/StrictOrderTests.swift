// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaMemory
import FlotillaModel
import Synchronization
import TestSupport
import Testing

struct StrictOrderTests {
    /// Whoever is sent away comes back behind all that stand in the queue, and all of its key wait for it. No time passes but that of the pauses
    /// between two questions.
    @Test func `with two workers nothing is sent away while lanes get on, wherever their events have come`() async throws {
        try await Bench.use { bench in
            let ids = (0..<40).map { number in ["a", "b", "c"].map { (key: $0, id: "\($0)-\(number)") } }
            for row in ids {
                try await bench.broker.publish(
                    row.map { try Event(id: $0.id, source: "/hooks/test", type: "t", extensions: ["partitionkey": $0.key]) })
            }
            let runs = Mutex<[String: [String]]>([:])
            let tally = Tally()
            let handler = Doing(order: .strict) { event, _ in
                runs.withLock { $0[event.partitionKey ?? "", default: []].append(event.id) }
                tally.add()
                return .done
            }
            let workers = try (0..<2).map { _ in try bench.worker(concurrency: 2, prefetch: 7, handler: handler) }
            try await bench.running(workers[0]) {
                try await bench.running(workers[1]) {
                    try await within {
                        while tally.count < 120 {
                            bench.sleeper.wake(.milliseconds(20))
                            await Task.yield()
                        }
                    }
                    try await bench.record.reach("settled", 120)
                }
            }
            #expect(!bench.record.steps.contains("forward q"))
            let all = runs.withLock { $0 }
            for key in ["a", "b", "c"] { #expect(all[key]?.sorted() == (0..<40).map { "\(key)-\($0)" }.sorted()) }
        }
    }

    @Test func `what is to be sent away together is given back by a drain, all of it`() async throws {
        try await Bench.use { bench in
            let (begun, gate) = (Tally(), Gate())
            let handler = Doing(order: .strict) { event, _ in
                begun.add()
                await gate.pass(true)
                return .done
            }
            let lane = try LaneKey(consumer: "q", partitionKey: "k")
            _ = try await bench.ledger.enter(
                LaneRequest(lane: lane, key: try key("0"), generation: 0, owner: 1, turn: 1, kind: .strict(limit: 100)))
            let worker = try bench.worker(concurrency: 1, prefetch: 8, handler: handler) { $0.handlerLimit = .seconds(600) }
            try await bench.broker.publish([event("a")])
            try await bench.running(worker) {
                try await within { await begun.reach(1) }
                try await bench.broker.publish(
                    (1...3).map { try Event(id: "\($0)", source: "/hooks/test", type: "t", extensions: ["partitionkey": "k"]) })
                // They linger, and the first one does not change: whoever takes no handler's place by then waits for one.
                for pause in 1...3 {
                    try await bench.sleeper.slept(pause, for: .milliseconds(20))
                    bench.sleeper.advance(by: .seconds(1), waking: .milliseconds(20))
                }
                for _ in 0..<1000 {
                    bench.sleeper.wake(.milliseconds(20))
                    await Task.yield()
                }
                await worker.drain()
                gate.open()
            }
            #expect(bench.broker.depth(of: "q") == 3)
            #expect(bench.record.steps.count { $0 == "give back" } == 3)
        }
    }
}

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
}

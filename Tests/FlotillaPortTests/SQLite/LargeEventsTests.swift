// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaSQLite
import Testing

struct LargeEventsTests {
    /// A fetch was bounded by its number of events alone: with a usual prefetch and events of 16 MB, one turn read gigabytes.
    @Test func `a fetch takes large events a few at a time, and all of them in the end`() async throws {
        let size = 16_000_000
        let count = 12
        try await SQLiteHarness.use(options: SQLiteFile.Options()) { harness in
            let broker = SQLiteBroker(try await harness.file())
            try await broker.declare("q", bindings: [pattern("t")])
            let body = [UInt8](repeating: 7, count: size)
            for number in 0..<count { try await broker.publish([event("\(number)", data: body)]) }

            let subscription = try await broker.subscribe(to: "q", prefetch: 60)
            var delivery = try await subscription.one()
            let held = try #require(try await broker.queues().first { $0.name == "q" }).held
            #expect(held >= 1 && held * size <= (64 << 20) + size, "\(held) events of \(size) bytes")
            var seen = [delivery.id]
            delivery.acknowledge()
            while seen.count < count {
                delivery = try await subscription.one()
                seen.append(delivery.id)
                delivery.acknowledge()
            }
            #expect(seen == (0..<count).map { "\($0)" })
        }
    }
}

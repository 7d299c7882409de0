// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import FlotillaSQLite
import TestSupport
import Testing

struct UnprunedTests {
    /// A command that only looks opened the file with limits of its own, which nobody had set, and pruned by them whatever the
    /// workers' limits said: `flotilla queues` beside a fleet that keeps its journal for a month deleted all but a week of it.
    @Test func `a file that was opened not to prune keeps journal and ledger, whatever its limits`() async throws {
        try await SQLiteHarness.use(options: SQLiteFile.Options()) { harness in
            let path = harness.path
            let clock = ManualClock()
            // The keys are walked in 4096 slices, one each 20 seconds of the clock: each has a few of these.
            let count: Int64 = 20_000
            let looking = try await SQLiteFile.open(path, options: Self.tiny(prunes: false), clock: clock)
            let broker = SQLiteBroker(looking)
            try await broker.declare("q", bindings: [pattern("t")])
            try await broker.publish([event("1")])
            try await broker.subscribe(to: "q", prefetch: 1).one().acknowledge()
            try Tampering.addLedgerRows(path, count, state: .done, at: clock.now)
            try await Self.beat(10, clock, path)
            #expect(try Tampering.integer(path, "SELECT count(*) FROM event") == 1)
            #expect(try Tampering.ledgerRows(path, .done) == count)
            await looking.close()

            // The same limits, with a file that prunes: by now it has begun with both.
            let working = try await SQLiteFile.open(path, options: Self.tiny(prunes: true), clock: clock)
            try await Self.beat(10, clock, path)
            #expect(try Tampering.integer(path, "SELECT count(*) FROM event") == 0)
            #expect(try Tampering.ledgerRows(path, .done) < count)
            await working.close()
        }
    }

    private static func tiny(prunes: Bool) -> SQLiteFile.Options {
        var options = SQLiteFile.Options()
        options.journal = JournalLimits(age: .seconds(1), bytes: 1)
        options.ledgerAge = .seconds(1)
        // A heartbeat each 100 ms.
        options.lease = .milliseconds(300)
        options.prunes = prunes
        return options
    }

    /// So many heartbeats, 20 seconds of the clock apart.
    private static func beat(_ count: Int, _ clock: ManualClock, _ path: String) async throws {
        for _ in 0..<count {
            clock.advance(by: .seconds(20))
            // A heartbeat has seen the new time when it has renewed the session by it.
            let now = clock.now.milliseconds
            try await until { try Tampering.integer(path, "SELECT max(until) FROM session") > now }
        }
    }
}

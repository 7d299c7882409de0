// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import FlotillaSQLite
import Testing

struct StaleRoutesTests {
    /// One process declares a queue, and the commit fails: its routes were read within that transaction, under the number that the
    /// file's routes would have had. Another process then declares a queue, and the file's routes get that very number. The first
    /// took its own routes for the newest ones, and published past the new queue for as long as it lived.
    @Test func `a declaration that was rolled back does not hide those that others make afterwards`() async throws {
        try await SQLiteHarness.use(options: SQLiteFile.Options()) { harness in
            let first = SQLiteBroker(try await harness.file(clock: ManualClock()))
            try await first.declare("one", bindings: [pattern("one")])
            let second = SQLiteBroker(try await harness.file(clock: ManualClock()))
            try await first.publish([event("before", type: "one")])

            // What the end of the transaction writes is refused, as on a full disk.
            try Tampering.run(
                harness.path,
                "CREATE TRIGGER refuse BEFORE UPDATE ON state WHEN NEW.routes > OLD.routes BEGIN SELECT RAISE(ABORT, 'refused'); END")
            await #expect(throws: (any Error).self) { try await first.declare("ghost", bindings: [pattern("ghost")]) }
            try Tampering.run(harness.path, "DROP TRIGGER refuse")

            try await second.declare("two", bindings: [pattern("#")])
            try await first.publish([event("1")])
            let reports = try await second.queues()
            #expect(Set(reports.map(\.name)) == ["one", "two", "unrouted"])
            #expect(reports.first { $0.name == "two" }?.ready == 1)
            #expect(reports.first { $0.name == "unrouted" }?.ready == 0)
            #expect(try await second.subscribe(to: "two", prefetch: 1).one().id == "1")
        }
    }
}

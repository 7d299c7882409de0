// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import Testing

@testable internal import FlotillaSQLite

/// A turn that can't even begin: another program holds SQLite's own lock, which knows nothing of the file's.
struct SessionKeptTests {
    /// A turn that failed at BEGIN put back the session that had been remembered when the last turn began: the one before it was
    /// opened, so none at all. What was fetched then had nobody for a holder, and was fetched again with every turn.
    @Test func `the first turn after opening that finds the file locked leaves the session as it is`() async throws {
        try await SQLiteHarness.use(options: SQLiteFile.Options()) { harness in
            let earlier = try await harness.file()
            try await SQLiteBroker(earlier).declare("q", bindings: [pattern("t")])
            try await SQLiteBroker(earlier).publish([event("1"), event("2")])
            await earlier.close()

            let file = try await harness.file()
            try await Self.failOnce(file)
            try await Self.deliversEachOnce(file, waiting: ["1", "2"])
        }
    }

    /// The same after others had taken the process for dead: its next turn opened a new session and committed it, and the turn after
    /// that failed at BEGIN. It went on under the ended session: nobody could ever reap what it held from then on.
    @Test func `the turn after a session was opened anew that finds the file locked leaves the new session as it is`() async throws {
        try await SQLiteHarness.use(options: SQLiteFile.Options()) { harness in
            let clock = ManualClock()
            let file = try await harness.file()
            let broker = SQLiteBroker(file)
            try await broker.declare("q", bindings: [pattern("t")])
            let old = try await file.write { $0.session }
            // Another process, whose clock runs ahead, takes it for dead as it opens.
            clock.advance(by: SystemClock().now - clock.now + .seconds(3600))
            await (try await harness.file(clock: clock)).close()
            #expect(try Tampering.integer(harness.path, "SELECT count(*) FROM session") == 0)

            try await broker.publish([event("1"), event("2")])
            try await Self.failOnce(file)
            #expect(try await file.write { $0.session } > old)
            try await Self.deliversEachOnce(file, waiting: ["1", "2"])
        }
    }

    /// One turn of this file is refused, as it is when another program holds the lock for longer than the file waits for it.
    private static func failOnce(_ file: SQLiteFile) async throws {
        try await file.read { try $0.database.execute("PRAGMA busy_timeout = 1") }
        let other = try Database(path: file.path, create: false)
        defer { other.close() }
        try other.execute("BEGIN IMMEDIATE")
        let refusal = await #expect(throws: BrokerFailure.self) { try await SQLiteBroker(file).publish([event("refused")]) }
        #expect(refusal?.kind == .away)
        try other.execute("ROLLBACK")
        try await file.read { try $0.database.execute("PRAGMA busy_timeout = 5000") }
    }

    /// What waits and what comes later is delivered once each, and held by the one session that the file knows.
    private static func deliversEachOnce(_ file: SQLiteFile, waiting: [String]) async throws {
        let broker = SQLiteBroker(file)
        let subscription = try await broker.subscribe(to: "q", prefetch: 8)
        #expect(try await subscription.take(waiting.count).map(\.id) == waiting)
        for id in ["later", "latest"] {
            // Each publication makes the queue one to fetch from again.
            try await broker.publish([event(id)])
            #expect(try await subscription.one().id == id)
        }
        let report = try #require(try await broker.queues().first { $0.name == "q" })
        #expect(report.held == waiting.count + 2 && report.ready == 0 && report.consumers == 1)
        let session = try await file.write { $0.session }
        #expect(try Tampering.integer(file.path, "SELECT count(*) FROM session") == 1)
        #expect(try Tampering.integer(file.path, "SELECT id FROM session") == session)
        #expect(try Tampering.integer(file.path, "SELECT count(DISTINCT holder) FROM delivery") == 1)
        #expect(try Tampering.integer(file.path, "SELECT max(holder) FROM delivery") == session)
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import TestSupport
import Testing

@testable import FlotillaPostgres

/// Claims and marks where something comes between them and the database.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed")) struct PostgresClaimTests {
    /// A store whose connections pass a proxy, and somebody who has locked one of its tables.
    private static func cut(
        _ body: (PostgresHarness, PostgresLedger, RawSession, TCPProxy) async throws -> Void
    ) async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let proxy = try TCPProxy(to: harness.server.port)
            defer { proxy.end() }
            let store = try await harness.store(harness.server.address(port: proxy.port)) { $0.lease = .seconds(60) }
            let locker = try RawSession(harness.server.address())
            try locker.run("SET search_path = \(harness.schema)")
            try await body(harness, PostgresLedger(store), locker, proxy)
        }
    }

    @Test func `a claim whose answer was lost goes to whoever asks again in its process, once, and counts no crash`() async throws {
        try await Self.cut { harness, ledger, locker, proxy in
            _ = try await ledger.claimed(key("warm"))
            try locker.run("BEGIN; LOCK TABLE claim IN SHARE MODE")
            let asked = Task { try await ledger.claim(key("1"), round: 1, generation: 0, alone: false) }
            try await until { try harness.isWaiting("claims") }
            proxy.cut()
            // Sent, and not answered: nobody knows what became of it.
            await #expect(throws: PostgresFailure.self) { try await asked.value }
            try locker.run("COMMIT")
            try await until { (try? await ledger.entry(for: key("1")))?.row.state == .claimed }

            let other = PostgresLedger(try await harness.store())
            #expect(try await other.claim(key("1"), round: 1, generation: 0, alone: false).isBusy)
            let answers = try await withThrowingTaskGroup(of: ClaimAnswer.self) { group in
                for _ in 0..<8 {
                    group.addTask { try await insisting { try await ledger.claim(key("1"), round: 1, generation: 0, alone: false) } }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let fences = answers.compactMap(\.fence)
            #expect(fences.count == 1 && answers.count(where: \.isBusy) == 7)
            #expect(try await ledger.entry(for: key("1"))?.row.crashes == 0)
            #expect(try await ledger.mark(key("1"), fence: fences.first ?? 0, as: .done))
        }
    }

    @Test func `a mark whose answer was lost was written, and whoever asks again finds the event done`() async throws {
        try await Self.cut { harness, ledger, locker, proxy in
            let fence = try await ledger.claimed(key("1"))
            let warm = try await ledger.claimed(key("warm"))
            #expect(try await ledger.mark(key("warm"), fence: warm, as: .done))
            try locker.run("BEGIN; LOCK TABLE ledger IN SHARE MODE")
            let asked = Task { try await ledger.mark(key("1"), fence: fence, as: .done) }
            try await until { try harness.isWaiting("marks") }
            proxy.cut()
            await #expect(throws: PostgresFailure.self) { try await asked.value }
            // Until it is known what became of it, the event is still run here, and nobody else's.
            try locker.run("COMMIT")
            try await until { (try? await ledger.entry(for: key("1")))?.row.state == .done }
            #expect(try await insisting { try await ledger.mark(key("1"), fence: fence, as: .done) } == false)
            #expect(try await insisting { try await ledger.claim(key("1"), round: 1, generation: 0, alone: false) } == .duplicate(.done))
        }
    }

    @Test func `a process that stood still past its lease can't mark over its successor, and claims nothing until it has renewed`()
        async throws
    {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let proxy = try TCPProxy(to: harness.server.port)
            defer { proxy.end() }
            let paused = PostgresLedger(
                try await harness.store(harness.server.address(port: proxy.port)) {
                    ($0.lease, $0.patience) = (.seconds(2), .seconds(60))
                })
            let (fence, kept) = (try await paused.claimed(key("1")), try await paused.claimed(key("2")))
            proxy.stall()
            let successor = PostgresLedger(try await harness.store())
            #expect(try await successor.takeOver(key("1")) == .alone(crashes: 1))
            let next = try await successor.claimed(key("1"), alone: true)
            #expect(!paused.store.session.isHeld)
            await #expect(throws: PostgresFailure.self) { try await paused.claim(key("3"), round: 1, generation: 0, alone: false) }
            proxy.resume()
            let held = [HeldClaim(key: try key("1"), fence: fence), HeldClaim(key: try key("2"), fence: kept)]
            #expect(try await insisting { try await paused.lost(among: held) } == [held[0]])
            #expect(try await insisting { try await paused.mark(key("1"), fence: fence, as: .done) } == false)
            // What nobody took over is still its own.
            #expect(try await successor.claim(key("2"), round: 1, generation: 0, alone: false).isBusy)
            #expect(try await insisting { try await paused.mark(key("2"), fence: kept, as: .done) })
            #expect(try await successor.mark(key("1"), fence: next, as: .done))
            try await until { (try? await paused.claim(key("3"), round: 1, generation: 0, alone: false))?.fence == 1 }
        }
    }

    @Test func `a claim that is decided on a lease that has run out loses against a renewal that came first`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let holder = try await harness.store { $0.lease = .seconds(60) }
            let fence = try await PostgresLedger(holder).claimed(key("1"))
            try harness.run("UPDATE session SET until = now() - interval '1 hour'")
            let renewal = try RawSession(harness.server.address())
            try renewal.run("SET search_path = \(harness.schema); BEGIN")
            try renewal.run("UPDATE session SET until = now() + interval '1 hour' WHERE id = \(holder.session.id)")
            let taker = PostgresLedger(try await harness.store())
            let asked = Task { try await taker.claim(key("1"), round: 1, generation: 0, alone: false) }
            try await until { try harness.isWaiting("calls") }
            try renewal.run("COMMIT")
            #expect(try await asked.value.isBusy)
            #expect(try await PostgresLedger(holder).mark(key("1"), fence: fence, as: .done))
        }
    }

    @Test func `what is asked while a batch is under way travels together: hundreds of claims, and of marks, in a few transactions`()
        async throws
    {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let ledger = PostgresLedger(try await harness.store { ($0.lease, $0.patience) = (.seconds(60), .seconds(60)) })
            let locker = try RawSession(harness.server.address())
            try locker.run("SET search_path = \(harness.schema)")
            /// Asks about each key while the first question waits for a lock.
            func together(_ pool: String, _ ask: @escaping @Sendable (Int) async throws -> Bool) async throws {
                try locker.run("BEGIN; LOCK TABLE claim IN SHARE MODE")
                let asked = Tally()
                let answers = Task {
                    try await withThrowingTaskGroup(of: Bool.self) { group in
                        for number in 0..<400 {
                            group.addTask {
                                asked.add()
                                return try await ask(number)
                            }
                        }
                        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                    }
                }
                await asked.reach(400)
                try await until { try harness.isWaiting(pool) }
                try locker.run("COMMIT")
                #expect(try await answers.value == 400)
            }
            /// Transactions that the rows of a table were written by. Two are enough, but for what comes late.
            func transactions(_ table: String) throws -> Int? {
                try harness.run("SELECT count(DISTINCT xmin::text) FROM \(table)").first?[0].flatMap { Int($0) }
            }
            try await together("claims") { try await ledger.claim(key("\($0)"), round: 1, generation: 0, alone: false).fence == 1 }
            #expect(try #require(try transactions("claim")) < 20)
            try await together("marks") { try await ledger.mark(key("\($0)"), fence: 1, as: .done) }
            #expect(try #require(try transactions("ledger")) < 20)
        }
    }

    @Test func `many batches over the same keys in opposite orders never lock each other out`() async throws {
        try await PostgresHarness.use(on: PostgresServer()) { harness in
            let ledgers = [PostgresLedger(try await harness.store()), PostgresLedger(try await harness.store())]
            for round in 1...5 {
                let fences = try await withThrowingTaskGroup(of: (Int, Int64)?.self) { group in
                    for (process, ledger) in ledgers.enumerated() {
                        let numbers = process == 0 ? Array(0..<400) : (0..<400).reversed()
                        for number in numbers {
                            group.addTask {
                                try await ledger.claim(key("\(number)"), round: round, generation: 0, alone: false).fence.map {
                                    (number, $0)
                                }
                            }
                        }
                    }
                    return try await group.reduce(into: [Int: Int64]()) { found, one in if let one { found[one.0] = one.1 } }
                }
                #expect(fences.count == 400)
                let written = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in (0..<400).reversed() {
                        for ledger in ledgers {
                            group.addTask {
                                try await ledger.mark(key("\(number)"), fence: fences[number] ?? 0, as: .retrying(next: round + 1))
                            }
                        }
                    }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                #expect(written == 400)
            }
            #expect(try harness.server.run("SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'") == [["0"]])
        }
    }

    @Test func `what is too old is dropped beside claims; somebody who reads it for long keeps nobody waiting`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            // What waits for a lock waits for 18 s, if it has no limit of its own: half of it would be much too long.
            let store = try await harness.store { ($0.lease, $0.patience) = (.seconds(60), .seconds(60)) }
            let limit = Duration.seconds(9)
            try harness.run(
                "CREATE TABLE ledger_100 (LIKE ledger INCLUDING ALL)",
                "ALTER TABLE ledger ATTACH PARTITION ledger_100 FOR VALUES FROM (100) TO (104)",
                "INSERT INTO ledger SELECT 1, 0, 1, now(), now(), 101, 0, 4, decode(md5(n::text), 'hex') FROM generate_series(1, 1000) AS n",
                "UPDATE session SET since = now()")
            let reader = try RawSession(harness.server.address())
            try reader.run("SET search_path = \(harness.schema); BEGIN; SELECT count(*) FROM ledger")
            let contest = Contest(events: 2000)
            let clock = ContinuousClock()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await contest.run([PostgresLedger(store)]) }
                group.addTask {
                    await contest.marked.reach(100)
                    for _ in 0..<5 {
                        let pruning = try await clock.measure { try await store.prune() }
                        #expect(pruning < limit)
                    }
                }
                try await group.waitForAll()
            }
            #expect(contest.longest < limit)
            #expect(contest.failures.isEmpty && contest.events(run: 1) == 2000)
            #expect(try harness.run("SELECT count(*) FROM ledger WHERE day = 101") == [["1000"]])
            try reader.run("COMMIT")
            try await until {
                try await store.prune()
                return try harness.run(
                    "SELECT 1 FROM pg_class WHERE relname = 'ledger_100' AND relnamespace = '\(harness.schema)'::regnamespace"
                )
                .isEmpty
            }
            #expect(try harness.run("SELECT count(*) FROM ledger") == [["2000"]])
        }
    }

    /// Its event goes on by itself when its connection is back, and must find what it did before.
    @Test func `what is parked keeps its row when the partition that it was in is dropped`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let store = try await harness.store { $0.lease = .seconds(60) }
            let ledger = PostgresLedger(store)
            for (id, mark) in [("parked", LedgerMark.parked), ("dead", .dead), ("resumed", .parked)] {
                #expect(try await ledger.mark(key(id), fence: ledger.claimed(key(id)), as: mark))
            }
            try harness.run(
                "CREATE TABLE ledger_100 (LIKE ledger INCLUDING ALL)",
                "ALTER TABLE ledger ATTACH PARTITION ledger_100 FOR VALUES FROM (100) TO (104)", "UPDATE ledger SET day = 101")
            let parked = try #require(try await ledger.entry(for: key("parked")))
            let again = try await ledger.claimed(key("resumed"), generation: 1)
            #expect(try await ledger.mark(key("resumed"), fence: again, as: .done))
            for _ in 0..<2 {
                try await store.prune()
                #expect(try await ledger.entry(for: key("parked")) == parked)
                #expect(try await ledger.entry(for: key("dead")) == nil)
                #expect(try await ledger.entry(for: key("resumed"))?.row.state == .done)
                #expect(try harness.run("SELECT count(*), min(day) > 104 FROM ledger") == [["2", "t"]])
            }
            #expect(try await ledger.claim(key("parked"), round: 1, generation: 1, alone: false).fence == parked.row.fence + 1)
        }
    }

    /// The first of two answers was for another's claim by then: what this process remembers of it says nothing of its next one.
    @Test func `a claim whose answer was lost is given to whoever asks, whatever the process held of that event before`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let (first, second) = (try await harness.store { $0.lease = .seconds(60) }, try await harness.store { $0.lease = .seconds(60) })
            let fence = try await PostgresLedger(first).claimed(key("1"))
            try harness.run("UPDATE session SET until = now() - interval '1 minute' WHERE id = \(first.session.id)")
            let taken = try #require(try await PostgresLedger(second).claim(key("1"), round: 1, generation: 0, alone: true).fence)
            #expect(try await PostgresLedger(second).mark(key("1"), fence: taken, as: .retrying(next: 2)))
            try harness.run(
                "UPDATE session SET until = now() + interval '1 minute' WHERE id = \(first.session.id)",
                """
                INSERT INTO claim (key, crashes, round, generation, fence, session, claimed)
                SELECT key, crashes, 2, 0, \(taken + 1), \(first.session.id), now() FROM ledger
                """)
            #expect(fence < taken)
            #expect(try await PostgresLedger(first).claim(key("1"), round: 2, generation: 0, alone: true).fence == taken + 2)
        }
    }

    @Test func `outcomes are kept for as long as any living process asks for, and those that only look ask for nothing`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let short = try await harness.store { $0.ledgerDays = 7 }
            let long = try await harness.store { $0.ledgerDays = 90 }
            _ = try await harness.store {
                $0.prunes = false
                $0.ledgerDays = 400
            }
            try await short.prune()
            #expect(try harness.run("SELECT days FROM retention") == [["90"]])
            await long.close()
            // Whoever is gone may only be starting again.
            try await short.prune()
            #expect(try harness.run("SELECT days FROM retention") == [["90"]])
            try harness.run("UPDATE retention SET asked = now() - interval '25 hours'")
            try await short.prune()
            #expect(try harness.run("SELECT days FROM retention") == [["7"]])
        }
    }

    @Test func `a day without a partition gets one, and the mark that missed it is written`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let ledger = PostgresLedger(try await harness.store { $0.lease = .seconds(60) })
            let fence = try await ledger.claimed(key("1"))
            let parts = try harness.run("SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'ledger'::regclass")
            for part in parts { try harness.run("DROP TABLE \(part[0] ?? "")") }
            try await until { (try? await ledger.mark(key("1"), fence: fence, as: .done)) == true }
        }
    }

    @Test func `of what became of an event on several days the last counts`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let ledger = PostgresLedger(try await harness.store { $0.lease = .seconds(60) })
            let first = try await ledger.claimed(key("1"))
            #expect(try await ledger.mark(key("1"), fence: first, as: .dead))
            let today = try #require(try harness.run("SELECT max(day) FROM ledger").first?[0].flatMap { Int($0) })
            try harness.run(
                "CREATE TABLE ledger_old (LIKE ledger INCLUDING ALL)",
                "ALTER TABLE ledger ATTACH PARTITION ledger_old FOR VALUES FROM (\(today - 3)) TO (\(today))",
                "UPDATE ledger SET day = day - 1")
            let again = try await ledger.claimed(key("1"), generation: 1)
            #expect(try await ledger.mark(key("1"), fence: again, as: .done))
            #expect(try harness.run("SELECT count(*) FROM ledger") == [["2"]])
            #expect(try await ledger.claim(key("1"), round: 1, generation: 1, alone: false) == .duplicate(.done))
            #expect(try harness.run("SELECT count(*) FROM ledger") == [["1"]])
            #expect(try await ledger.entry(for: key("1"))?.row.state == .done)
        }
    }

    @Test func `keys are found by their indexes, each by itself, whatever is in the tables`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let store = try await harness.store { $0.lease = .seconds(60) }
            let (keys, numbers) = (Parameter.keys([]), Parameter.integers([Int]()))
            let asked: [(Call, String, Pool)] = [
                (Query.claimKnown(keys), "('{}')", store.claims),
                (Query.mark(keys, numbers, numbers, numbers), "('{}', '{}', '{}', '{}')", store.marks),
                (Query.doneFresh(keys, .integer(4)), "('{}', 4)", store.marks), (Query.letGo(keys), "('{}')", store.marks),
                (Query.heldClaims(keys, numbers), "('{}', '{}')", store.beats), (Query.lockClaims(keys), "('{}')", store.calls),
                (Query.laneFree(keys, numbers), "('{}', '{}')", store.lanes), (Query.laneHeld(keys, numbers), "('{}', '{}')", store.lanes),
                (Query.claimRows(keys), "('{}')", store.calls), (Query.outcomes(keys), "('{}')", store.calls),
                (try Query.dropOlder(.key(key("1")), .integer(0)), "('', 0)", store.calls),
            ]
            for (call, values, pool) in asked {
                let explain = Query("", "EXPLAIN EXECUTE \(call.query.name)\(values)")()
                // The plan that stays comes after five.
                let plan = try await store.ask(Array(repeating: call, count: 6) + [explain], on: pool)[6].compactMap { $0.text(0) }
                let scans = plan.count { $0.contains(" Scan using ") }
                #expect(scans > 0 && scans == plan.count { $0.contains("Index Cond: ") }, "\(plan)")
                #expect(!plan.contains { $0.contains("Seq Scan") || $0.contains("Bitmap") }, "\(plan)")
            }
        }
    }

    @Test func `an event that is retried often leaves no more than two rows, and the newest counts`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let ledger = PostgresLedger(try await harness.store { $0.lease = .seconds(60) })
            for round in 1...9 {
                let fence = try await ledger.claimed(key("1"), round: round)
                #expect(try await ledger.mark(key("1"), fence: fence, as: round < 9 ? .retrying(next: round + 1) : .done))
                let rows = try harness.run("SELECT count(*) < 3, max(fence), max(round) FROM ledger")
                #expect(rows == [["t", "\(fence)", "\(min(9, round + 1))"]])
            }
            #expect(try await ledger.entry(for: key("1"))?.row == LedgerRow(state: .done, round: 9, generation: 0, fence: 9))
            // What comes twice is told so, whatever is behind it, and lets go of it.
            #expect(try await ledger.claim(key("1"), round: 1, generation: 0, alone: false) == .duplicate(.done))
            #expect(try harness.run("SELECT state FROM ledger") == [["\(LedgerState.done.rawValue)"]])
        }
    }

    @Test func `an old claim is let go when its process is gone, and stays with one that lives`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let gone = try await harness.store()
            _ = try await PostgresLedger(gone).claimed(key("2"))
            await gone.vanish()
            let store = try await harness.store { $0.lease = .seconds(60) }
            let ledger = PostgresLedger(store)
            let fence = try await ledger.claimed(key("1"))
            try harness.run(
                "UPDATE claim SET claimed = now() - interval '20 days'",
                "UPDATE session SET until = now() - interval '1 minute' WHERE id = \(gone.session.id)")
            try await store.prune()
            #expect(try await ledger.entry(for: key("2")) == nil)
            #expect(try await ledger.mark(key("1"), fence: fence, as: .done))
        }
    }

    @Test func `a process that asks nothing keeps what it has claimed`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let store = try await harness.store { $0.lease = .seconds(2) }
            let fence = try await PostgresLedger(store).claimed(key("1"))
            // Past the end of the lease that it was opened with.
            try await until { try harness.run("SELECT 1 FROM session WHERE clock_timestamp() > since + interval '4 seconds'").count == 1 }
            #expect(store.session.isHeld)
            #expect(try await PostgresLedger(harness.store()).claim(key("1"), round: 1, generation: 0, alone: false).isBusy)
            #expect(try await PostgresLedger(store).mark(key("1"), fence: fence, as: .done))
        }
    }

    @Test func `a replay of what the ledger has forgotten is remembered as that replay`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let ledger = PostgresLedger(try await harness.store { $0.lease = .seconds(60) })
            let fence = try await ledger.claimed(key("1"), generation: 3)
            #expect(try await ledger.mark(key("1"), fence: fence, as: .done))
            #expect(try await ledger.claim(key("1"), round: 1, generation: 3, alone: false) == .duplicate(.done))
            #expect(try await ledger.claimed(key("1"), generation: 4) > fence)
        }
    }

    @Test func `of several who take over the same claims at once, no two have the same one`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let gone = try await harness.store()
            let vanished = PostgresLedger(gone)
            for number in 0..<200 { _ = try await vanished.claimed(key("\(number)")) }
            await gone.vanish()
            try harness.run("UPDATE session SET until = now() - interval '1 minute'")
            var ledgers: [PostgresLedger] = []
            for _ in 0..<3 { ledgers.append(PostgresLedger(try await harness.store { $0.lease = .seconds(60) })) }
            let taken = try await withThrowingTaskGroup(of: Int?.self) { group in
                for ledger in ledgers {
                    for number in 0..<200 {
                        group.addTask {
                            try await ledger.claim(key("\(number)"), round: 1, generation: 0, alone: true).fence.map { _ in number }
                        }
                    }
                }
                return try await group.reduce(into: [Int]()) { all, one in if let one { all.append(one) } }
            }
            #expect(taken.sorted() == Array(0..<200))
        }
    }
}

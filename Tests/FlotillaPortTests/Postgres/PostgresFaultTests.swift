// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaPostgres
import FlotillaRuntime
import TestSupport
import Testing

/// What happens to a server that has workers: whoever asks is told and asks again, no event runs twice, none is lost. One server of its own
/// for all of them, one after the other.
@Suite(.serialized, .enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed")) struct PostgresFaultTests {
    private static let starting = Task { try await PostgresServer() }

    /// Two processes contend for events while `fault` happens; then all is done, and everybody is well again.
    private static func contest(
        events: Int, during fault: @escaping @Sendable (PostgresServer, PostgresHarness, Contest) async throws -> Void
    ) async throws {
        let server = try await starting.value
        try await PostgresHarness.use(on: server) { harness in
            let stores = [try await harness.store { $0.lease = .seconds(60) }, try await harness.store { $0.lease = .seconds(60) }]
            let contest = Contest(events: events)
            let ledgers = stores.map { PostgresLedger($0) }
            try await within(.seconds(120), "an end of the contest") {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await contest.run(ledgers) }
                    group.addTask {
                        await contest.marked.reach(events / 4)
                        try await fault(server, harness, contest)
                    }
                    try await group.waitForAll()
                }
            }
            #expect(!contest.failures.isEmpty, "nobody felt it")
            #expect(contest.overlaps == 0)
            #expect(contest.events(run: 1) == events, "\(contest.failures)")
            let done = LedgerState.done.rawValue
            #expect(try harness.run("SELECT count(*) FROM ledger WHERE state = \(done)") == [["\(events)"]])
            #expect(try harness.run("SELECT count(*) FROM claim") == [["0"]])
            for store in stores { try await until { await store.ailment() == nil } }
        }
    }

    /// A server that has just gone, under a load: it stays away until somebody was told.
    private static func comeBack(_ server: PostgresServer, _ contest: Contest) async throws {
        let before = contest.failureCount
        try await until { contest.failureCount > before }
        try await server.start()
    }

    @Test func `a server that is restarted under load loses nothing`() async throws {
        try await Self.contest(events: 6000) { server, _, contest in
            try await server.end()
            try await Self.comeBack(server, contest)
        }
    }

    @Test func `a server that is killed and comes back loses nothing`() async throws {
        try await Self.contest(events: 6000) { server, _, contest in
            try await server.kill()
            try await Self.comeBack(server, contest)
        }
    }

    @Test func `connections that are ended at random, in the middle of whatever they do, make no event run twice`() async throws {
        try await Self.contest(events: 3000) { server, harness, contest in
            let end = """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE application_name LIKE 'test \(harness.schema) %' AND random() < 0.5
                """
            while contest.marked.count < 2900 {
                try server.run(end)
                let reached = contest.marked.count
                try await until { contest.marked.count > min(reached + 30, 2899) }
            }
        }
    }

    @Test func `a server that hangs holds nobody for longer than he may wait, and goes on where it was`() async throws {
        let server = try await Self.starting.value
        try await PostgresHarness.use(on: server) { harness in
            let store = try await harness.store {
                $0.lease = .seconds(60)
                $0.patience = .milliseconds(1500)
            }
            let ledger = PostgresLedger(store)
            let fence = try await ledger.claimed(key("1"))
            try await server.hang()
            let clock = ContinuousClock()
            let begin = clock.now
            await #expect(throws: PostgresFailure.self) { try await ledger.claim(key("2"), round: 1, generation: 0, alone: false) }
            await #expect(throws: PostgresFailure.self) { try await ledger.mark(key("1"), fence: fence, as: .done) }
            await #expect(throws: PostgresFailure.self) { _ = try await ledger.entry(for: key("1")) }
            await #expect(throws: PostgresFailure.self) { try await PostgresHookSecrets(store).all() }
            #expect(clock.now - begin < .seconds(20))
            #expect(await store.ailment() != nil)
            try await server.goOn()
            try await until { (try? await ledger.mark(key("1"), fence: fence, as: .done)) != nil }
            #expect(try await insisting { try await ledger.claim(key("1"), round: 1, generation: 0, alone: false) } == .duplicate(.done))
            // Whatever became of the claim that nobody was answered: it is free for whoever asks here.
            #expect(try await insisting { try await ledger.claim(key("2"), round: 1, generation: 0, alone: false) }.fence != nil)
        }
    }

    @Test func `a database that turns read-only is said to be, and work goes on when it is writable again`() async throws {
        let server = try await Self.starting.value
        try await PostgresHarness.use(on: server) { harness in
            let store = try await harness.store { $0.lease = .seconds(6) }
            let ledger = PostgresLedger(store)
            let fence = try await ledger.claimed(key("1"))
            try server.run("ALTER SYSTEM SET default_transaction_read_only = on")
            try server.run("SELECT pg_reload_conf()")
            try await until {
                do {
                    _ = try await ledger.claim(key("2"), round: 1, generation: 0, alone: false)
                    return false
                } catch {
                    return "\(error)" == "the database is read-only"
                }
            }
            await #expect(throws: PostgresFailure.self) { try await ledger.mark(key("1"), fence: fence, as: .done) }
            try await until { await ledger.ailment() == "the database is read-only" }
            #expect(try await ledger.entry(for: key("1"))?.row.state == .claimed)
            try server.run("ALTER SYSTEM RESET default_transaction_read_only")
            try server.run("SELECT pg_reload_conf()")
            try await until { (try? await ledger.mark(key("1"), fence: fence, as: .done)) == true }
            try await until { await ledger.ailment() == nil }
        }
    }

    @Test func `without a connection left whoever starts is told so, and whoever lost his comes back when there is one`() async throws {
        let server = try await Self.starting.value
        try await PostgresHarness.use(on: server) { harness in
            // The tables are there: whoever comes later needs none of its own.
            _ = try await harness.store()
            try server.run("CREATE ROLE crowd LOGIN PASSWORD 'crowd' CONNECTION LIMIT 1 IN ROLE \(PostgresServer.user)")
            let address = try server.address(user: "crowd", password: "crowd")
            let crowd = try RawSession(address)
            await #expect {
                _ = try await harness.store(address)
            } throws: { error in
                "\(error)".contains("no connection left")
            }
            crowd.end()

            try server.run("ALTER ROLE crowd CONNECTION LIMIT 20")
            let store = try await harness.store(address) { $0.lease = .seconds(60) }
            let ledger = PostgresLedger(store)
            let fence = try await ledger.claimed(key("1"))
            try server.run(
                "ALTER ROLE crowd CONNECTION LIMIT 0",
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'crowd'")
            try await until { await store.ailment()?.contains("no connection left") ?? false }
            await #expect(throws: PostgresFailure.self) { try await ledger.mark(key("1"), fence: fence, as: .done) }
            try server.run("ALTER ROLE crowd CONNECTION LIMIT 20")
            #expect(try await insisting { try await ledger.mark(key("1"), fence: fence, as: .done) })
            try await until { await store.ailment() == nil }
        }
    }
}

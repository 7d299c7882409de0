// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import TestSupport
import Testing

@testable import FlotillaPostgres

/// What the connections of a store see to, whoever asks.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .timeLimit(.minutes(2))) struct PostgresLineTests {
    private static func hit(_ number: Int) -> String { "UPDATE pair SET hits = hits + 1 WHERE n = \(number)" }

    @Test func `a transaction that the database ended for a deadlock is run again, and counts once`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let store = try await harness.store { $0.lease = .seconds(60) }
            try harness.run("CREATE TABLE pair AS SELECT n, 0 AS hits FROM generate_series(1, 2) AS n")
            let other = try RawSession(harness.server.address())
            // It looks for deadlocks later than the store does.
            try other.run("SET search_path = \(harness.schema); SET deadlock_timeout = '60s'; BEGIN; \(Self.hit(2))")
            let rounds = Tally()
            try await store.transaction { transaction in
                rounds.add()
                _ = try await transaction.ask(Query("", Self.hit(1))())
                if rounds.count == 1 {
                    Task.detached { try other.run("\(Self.hit(1)); COMMIT") }
                    let waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '\(Self.hit(1))%'"
                    try await until { try !harness.run(waiting).isEmpty }
                }
                _ = try await transaction.ask(Query("", Self.hit(2))())
            }
            #expect(rounds.count > 1)
            #expect(try harness.run("SELECT hits FROM pair ORDER BY n") == [["2"], ["2"]])
        }
    }

    @Test func `a statement that was prepared for other columns is prepared again`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let store = try await harness.store()
            try harness.run("CREATE TABLE pair AS SELECT 1 AS n")
            let all = Query("pairs", "SELECT * FROM pair")
            #expect(try await store.ask(all()).count == 1)
            try harness.run("ALTER TABLE pair ALTER n TYPE text USING 'one'")
            try await until { (try? await store.ask(all()).first?.text(0)) == "one" }
        }
    }

    @Test func `a statement that takes too long and one that waits for a lock are ended by the server, and their line is kept`()
        async throws
    {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let store = try await harness.store {
                $0.lease = .seconds(60)
                $0.patience = .seconds(5)
            }
            let lines = "SELECT pid FROM pg_stat_activity WHERE application_name = 'test \(harness.schema) calls' ORDER BY pid"
            let before = try harness.run(lines)
            await #expect {
                _ = try await store.ask(Query("", "SELECT pg_sleep(60)")())
            } throws: { ($0 as? PostgresFailure)?.code == "57014" }
            let other = try RawSession(harness.server.address())
            try other.run("SET search_path = \(harness.schema); BEGIN; LOCK TABLE deed")
            await #expect {
                _ = try await store.ask(Query("", "SELECT count(*) FROM deed")())
            } throws: { ($0 as? PostgresFailure)?.code == "55P03" }
            try other.run("ROLLBACK")
            let behind = try harness.run(lines)
            #expect(before.allSatisfy { behind.contains($0) })
        }
    }

    @Test func `what a transaction did whose statement failed is undone, and said to be`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let store = try await harness.store { $0.lease = .seconds(60) }
            let write = Query("", "INSERT INTO deed VALUES (now(), 'somebody', 'something')")
            await #expect {
                try await store.transaction { transaction in
                    _ = try await transaction.ask(write())
                    // Whoever goes on past a failure must not think that it was done.
                    _ = try? await transaction.ask(Query("", "SELECT 1 / 0")())
                }
            } throws: { ($0 as? PostgresFailure)?.code == "25P02" }
            #expect(try harness.run("SELECT count(*) FROM deed") == [["0"]])
            try await store.transaction { _ = try await $0.ask(write()) }
            #expect(try harness.run("SELECT count(*) FROM deed") == [["1"]])
        }
    }

    @Test func `of several hosts the one that writes is used, wherever it stands`() async throws {
        let reader = try await PostgresServer("default_transaction_read_only = on")
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let url = harness.server.url()
            let hosts = ["127.0.0.1:\(reader.port)", "127.0.0.1:\(harness.server.port)"]
            for ordered in [hosts, hosts.reversed()] {
                let address = try StoreAddress(
                    url.replacing("127.0.0.1:\(harness.server.port)", with: ordered.joined(separator: ",")))
                let store = try await harness.store(address) { $0.lease = .seconds(60) }
                let port = try await store.ask(Query("", "SELECT inet_server_port()::int8")()).first?.integer(0)
                #expect(port == Int64(harness.server.port))
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import TestSupport
import Testing

@testable import FlotillaPostgres

/// What a store says when it can't be opened, and what opening does to a database.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed")) struct PostgresStartTests {
    enum Obstacle: String, CaseIterable {
        case password, database, port, name, certificate

        var words: String {
            switch self {
            case .password: "refuses the user or the password"
            case .database: "no database of this name"
            case .port: "Connection refused"
            case .name: "no host of this name"
            case .certificate: "certificate"
            }
        }
    }

    private static let secure = Task { try await PostgresServer(isSecure: true) }

    private static func address(_ obstacle: Obstacle) async throws -> StoreAddress {
        let server = try await PostgresServer.shared
        return switch obstacle {
        case .password: try server.address(password: "hunter2")
        case .database: try server.address(database: "nothing")
        case .port: try server.address(port: Ports.free())
        case .name: try server.address(host: "nobody.invalid")
        case .certificate: try await secure.value.address(host: "localhost", options: "?sslmode=verify-full")
        }
    }

    @Test(arguments: Obstacle.allCases)
    func `what is in the way is said, with the host and without a password`(_ obstacle: Obstacle) async throws {
        let address = try await Self.address(obstacle)
        await #expect {
            _ = try await PostgresStore.open(address)
        } throws: { error in
            let text = "\(error)"
            return text.contains(obstacle.words) && text.contains(address.hosts[0].description) && !text.contains("hunter2")
                && !text.contains(PostgresServer.password)
        }
    }

    @Test(arguments: ["require", "verify-ca", "verify-full"])
    func `a server is spoken to over TLS, as strictly as asked`(_ mode: String) async throws {
        let server = try await Self.secure.value
        let authority = mode == "require" ? "" : "&sslrootcert=\(server.folder.path)/authority.crt"
        let store = try await PostgresStore.open(server.address(host: "localhost", options: "?sslmode=\(mode)\(authority)"))
        let rows = try await store.ask(Query("", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")())
        #expect(rows.first?.flag(0) == true)
        await store.close()
    }

    @Test func `a certificate of another host's is refused by verify-full, and by nothing weaker`() async throws {
        let server = try await Self.secure.value
        func open(_ mode: String) async throws {
            let options = "?sslmode=\(mode)&sslrootcert=\(server.folder.path)/authority.crt"
            try await PostgresStore.open(server.address(host: "127.0.0.1", options: options)).close()
        }
        try await open("verify-ca")
        await #expect {
            try await open("verify-full")
        } throws: { "\($0)".contains("does not match host name") }
    }

    @Test func `a server without TLS is refused where it is required`() async throws {
        let address = try await PostgresServer.shared.address(options: "?sslmode=require")
        await #expect {
            _ = try await PostgresStore.open(address)
        } throws: { "\($0)".contains("SSL") }
    }

    @Test func `many processes that start at once on an empty database make the tables once`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let store = try await harness.store()
                        let ledger = PostgresLedger(store)
                        _ = try await ledger.claim(key("1"), round: 1, generation: 0, alone: false)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try harness.run("SELECT version FROM migration ORDER BY version").count == Migration.current)
        }
    }

    @Test func `a user who may not make tables is told what to do, and works where they are`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let (server, schema) = (harness.server, harness.schema)
            let user = "user_\(schema)"
            try server.run("CREATE ROLE \(user) LOGIN PASSWORD 'user'")
            let address = try server.address(user: user, password: "user")
            await #expect {
                _ = try await harness.store(address)
            } throws: { "\($0)".contains("flotilla migrate") && "\($0)".contains("GRANT") }
            _ = try await PostgresMigration.run(server.address(), schema: schema, isDry: false)
            try server.run(
                "GRANT USAGE ON SCHEMA \(schema) TO \(user)",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \(schema) TO \(user)")
            let ledger = PostgresLedger(try await harness.store(address))
            let fence = try await ledger.claimed(key("1"))
            #expect(try await ledger.mark(key("1"), fence: fence, as: .done))
            #expect(await ledger.ailment() == nil && ledger.store.warning == nil)

            // Days later: there is one for today, and none for those to come.
            let parts = try harness.run(
                "SELECT inhrelid::regclass, floor(extract(epoch FROM now()) / 86400)::int8 FROM pg_inherits WHERE inhparent = 'ledger'::regclass"
            )
            let (part, today) = try (#require(parts.first?[0]), #require(parts.first?[1].flatMap { Int($0) }))
            try harness.run(
                "ALTER TABLE ledger DETACH PARTITION \(part)",
                "ALTER TABLE ledger ATTACH PARTITION \(part) FOR VALUES FROM (\(today - 6)) TO (\(today + 1))")
            let late = PostgresLedger(try await harness.store(address))
            let another = try await late.claimed(key("2"))
            #expect(try await late.mark(key("2"), fence: another, as: .done))
            #expect(late.store.warning?.contains("flotilla migrate") ?? false)
            #expect(await late.ailment() == nil)

            // Too late.
            try harness.run("DROP TABLE \(part)")
            ledger.store.bell.ring()
            try await until { await ledger.ailment()?.contains("flotilla migrate") ?? false }
            await #expect {
                _ = try await harness.store(address)
            } throws: { "\($0)".contains("flotilla migrate") }
            _ = try await PostgresMigration.run(server.address(), schema: schema, isDry: false)
            ledger.store.bell.ring()
            try await until { await ledger.ailment() == nil }
            for store in [ledger.store, late.store] { await store.close() }
            try server.run("DROP OWNED BY \(user)", "DROP ROLE \(user)")
        }
    }

    @Test func `looking makes nothing, and says what is missing`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            await #expect {
                _ = try await harness.store { $0.create = false }
            } throws: { "\($0)".contains("no tables of Flotilla's") }
            let planned = try await PostgresMigration.run(harness.server.address(), schema: harness.schema, isDry: true)
            #expect(planned.map(\.version) == Migration.all.map(\.version))
            #expect(try harness.server.run("SELECT 1 FROM pg_namespace WHERE nspname = '\(harness.schema)'").isEmpty)
            let done = try await PostgresMigration.run(harness.server.address(), schema: harness.schema, isDry: false)
            #expect(done == planned)
            #expect(try await PostgresMigration.run(harness.server.address(), schema: harness.schema, isDry: false).isEmpty)
            let store = try await harness.store { $0.create = false }
            #expect(try harness.run("SELECT * FROM session").isEmpty)
            #expect(try await PostgresLedger(store).entry(for: key("1")) == nil)
        }
    }

    @Test func `a schema that is newer is worked with, unless it is marked as one that older programs break`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            try await harness.store().close()
            try harness.run("INSERT INTO migration VALUES (1000, 1, now(), 'later')")
            _ = try await PostgresLedger(harness.store()).claimed(key("1"))
            try harness.run("UPDATE migration SET oldest = 1000 WHERE version = 1000")
            await #expect {
                _ = try await harness.store()
            } throws: { "\($0)".contains("run a newer version of Flotilla") }
        }
    }

    // MARK: A step that takes something away

    private static let contracting = Migration(1000, "deeds go", oldest: 1000, ["DROP TABLE deed"])

    private static func contract(_ harness: PostgresHarness) async throws {
        let store = try await PostgresStore.connect(harness.server.address(), options: harness.options)
        do {
            try await Migrator(store, Migration.all + [contracting]).bringUp()
            await store.vanish()
        } catch {
            await store.vanish()
            throw error
        }
    }

    @Test func `a step that takes something away is refused beside a program that needs it, and taken once that has ended`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let old = try await harness.store { $0.program = "old hand" }
            await #expect {
                try await Self.contract(harness)
            } throws: { "\($0)".contains("old hand on ") && "\($0)".contains("end them first") }
            #expect(try harness.run("SELECT count(*) FROM deed") == [["0"]])
            await old.close()
            try await Self.contract(harness)
            #expect(try harness.run("SELECT to_regclass('deed')") == [[nil]])
            await #expect {
                _ = try await harness.store()
            } throws: { "\($0)".contains("run a newer version of Flotilla") }
        }
    }

    /// It finds the tables as they were, and has no session yet when the step looks for older programs.
    @Test func `a program that starts while such a step is taken waits, and is refused behind it`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            try await harness.store().close()
            let reader = try RawSession(harness.server.address())
            try reader.run("SET search_path = \(harness.schema); BEGIN; SELECT count(*) FROM deed")
            async let taken: Void = Self.contract(harness)
            try await until { try harness.isWaiting("calls") }
            let started = Task { try await harness.store { $0.patience = .seconds(60) } }
            try await until { try harness.isWaiting("session") }
            try reader.run("COMMIT")
            try await taken
            await #expect {
                _ = try await started.value
            } throws: { "\($0)".contains("run a newer version of Flotilla") }
            #expect(try harness.run("SELECT count(*) FROM session") == [["0"]])
        }
    }

    /// The step was taken while its lease had run out: nobody knew of it.
    @Test func `a program that stood still while such a step was taken says so, and claims nothing any more`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let ledger = PostgresLedger(try await harness.store { $0.lease = .seconds(2) })
            let fence = try await ledger.claimed(key("1"))
            // Beside its sessions: as if none had been alive.
            try harness.run("INSERT INTO migration VALUES (1000, 1000, now(), 'later')")
            try await until { await ledger.ailment()?.contains("run a newer version of Flotilla") ?? false }
            try await until { !ledger.store.session.isHeld }
            await #expect(throws: PostgresFailure.self) { try await ledger.claim(key("2"), round: 1, generation: 0, alone: false) }
            // Asking what was lost renews nothing, either.
            #expect(try await ledger.lost(among: [HeldClaim(key: key("1"), fence: fence)]).isEmpty)
            #expect(!ledger.store.session.isHeld)
        }
    }
}

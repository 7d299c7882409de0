// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// Brings a database to the version that this program speaks, a step after the other, each in a transaction of its own and under a lock:
/// whoever comes first does it, others wait, look again, and find it done.
struct Migrator {
    private let store: PostgresStore
    private let steps: [Migration]

    /// What a database is like.
    struct Standing: Equatable {
        /// 0: there is nothing of ours.
        var version = 0
        /// Programs that speak an older version do not work with it.
        var oldest = 0
    }

    static let limit = Duration.seconds(120)

    init(_ store: PostgresStore, _ steps: [Migration] = Migration.all) {
        self.store = store
        self.steps = steps
    }

    /// What this program speaks.
    private var current: Int { steps.last?.version ?? 0 }

    private var schema: String { store.options.schema }

    /// What is to be done; refuses a database that this program does not work with.
    func pending() async throws -> [Migration] {
        let standing = try await standing()
        try refuseNewer(standing)
        return steps.filter { $0.version > standing.version }
    }

    /// For whoever only looks.
    func check() async throws {
        let standing = try await standing()
        try refuseNewer(standing)
        guard standing.version >= current else {
            throw PostgresFailure(
                .unfit,
                standing.version == 0
                    ? "there are no tables of Flotilla's in the schema \(schema) of this database: start the fleet, or run flotilla migrate"
                    : "the tables in the schema \(schema) are of version \(standing.version), and this program needs "
                        + "\(current): run flotilla migrate")
        }
    }

    /// - Returns: the steps that this call has taken.
    @discardableResult
    func bringUp() async throws -> [Migration] {
        var taken: [Migration] = []
        for migration in try await pending() where try await take(migration) { taken.append(migration) }
        return taken
    }

    private func refuseNewer(_ standing: Standing) throws {
        guard standing.oldest > current else { return }
        throw PostgresFailure(
            .unfit,
            "the tables in the schema \(schema) are of version \(standing.version), which no longer works with programs that speak "
                + "\(current): run a newer version of Flotilla")
    }

    private func standing() async throws -> Standing {
        let found = try await store.ask(Self.find(.text(schema)))
        guard found.first?.flag(0) ?? false else { return Standing() }
        let rows = try await store.ask(Self.versions())
        return Standing(version: Int(rows.first?.integer(0) ?? 0), oldest: Int(rows.first?.integer(1) ?? 0))
    }

    /// False when somebody else had taken it.
    private func take(_ migration: Migration) async throws -> Bool {
        do {
            return try await store.transaction(within: Self.limit) { transaction in
                _ = try await transaction.ask([
                    Self.patience(.text("\(Self.limit.inMilliseconds)ms")),
                    Query("", "SELECT pg_advisory_xact_lock(hashtextextended('flotilla migrate ' || $1::text, 0))")(.text(schema)),
                ])
                if migration.version == 1 { try await prepare(in: transaction) }
                let version = try await transaction.ask(Self.versions()).first?.integer(0) ?? 0
                guard version < migration.version else { return false }
                if migration.oldest > 1, version > 0 { try await refuseBeside(migration, in: transaction) }
                let statements = migration.statements.map { Query("", $0)() }
                _ = try await transaction.finish(
                    statements + [
                        Query("", "INSERT INTO migration VALUES ($1::int8, $2::int8, clock_timestamp(), $3::text)")(
                            .integer(migration.version), .integer(migration.oldest), .text(store.options.program))
                    ])
                return true
            }
        } catch let failure as PostgresFailure where failure.isForbidden {
            throw PostgresFailure(
                .unfit,
                "this user may not make or change Flotilla's tables in the schema \(schema): run flotilla migrate with a user who may, and "
                    + "grant this one what is in it; or GRANT CREATE ON DATABASE to this one")
        }
    }

    /// The schema and the table that says what was done. Made without `IF NOT EXISTS` where they are there: even that needs the right to
    /// make them.
    private func prepare(in transaction: Transaction) async throws {
        let found = try await transaction.ask([
            Query("", "SELECT count(*) FROM pg_namespace WHERE nspname = $1::text")(.text(schema)), Self.find(.text(schema)),
        ])
        if found[0].first?.integer(0) == 0 { _ = try await transaction.ask(Query("", "CREATE SCHEMA \"\(schema)\"")()) }
        guard !(found[1].first?.flag(0) ?? false) else { return }
        _ = try await transaction.ask(
            Query(
                "",
                """
                CREATE TABLE migration (
                    version bigint PRIMARY KEY, oldest bigint NOT NULL, applied timestamptz NOT NULL, program text NOT NULL
                )
                """)())
    }

    /// Until its end no session is opened or renewed: whoever has looked at the version before looks at it again then.
    private func refuseBeside(_ migration: Migration, in transaction: Transaction) async throws {
        let older = Query(
            "", "SELECT program, host FROM session WHERE until > clock_timestamp() AND speaks < $1::int8 ORDER BY id LIMIT 5")
        let rows = try await transaction.ask([
            Query("", "LOCK TABLE session IN SHARE ROW EXCLUSIVE MODE")(), older(.integer(migration.oldest)),
        ])[1]
        guard !rows.isEmpty else { return }
        let names = rows.map { "\($0.text(0) ?? "") on \($0.text(1) ?? "")" }.joined(separator: ", ")
        throw PostgresFailure(
            .unfit, "processes of an older version still run, and would not work behind step \(migration.version): \(names); end them first"
        )
    }

    private static let find = Query(
        "migration_find",
        "SELECT count(*) > 0 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1::text AND c.relname = 'migration'"
    )
    private static let versions = Query("migration_versions", "SELECT coalesce(max(version), 0), coalesce(max(oldest), 0) FROM migration")
    private static let patience = Query(
        "migration_patience",
        """
        SELECT set_config(name, $1::text, true)
        FROM unnest('{statement_timeout,lock_timeout,idle_in_transaction_session_timeout}'::text[]) AS s (name)
        """)
}

/// `flotilla migrate`: the same steps, alone.
package enum PostgresMigration {
    package struct Step: Sendable, Equatable {
        package let version: Int
        package let summary: String
        package let statements: [String]
    }

    /// - Parameter isDry: only says what would be done.
    package static func run(_ address: StoreAddress, schema: String, isDry: Bool) async throws -> [Step] {
        var options = PostgresStore.Options()
        options.schema = schema
        options.program = "flotilla migrate"
        let store = try await PostgresStore.connect(address, options: options)
        do {
            let migrator = Migrator(store)
            let taken = try await isDry ? migrator.pending() : migrator.bringUp()
            if !isDry, let neglect = try await store.keepPartitions() { throw PostgresFailure(.unfit, neglect.words) }
            await store.vanish()
            return taken.map { Step(version: $0.version, summary: $0.summary, statements: $0.statements) }
        } catch {
            await store.vanish()
            throw error
        }
    }
}

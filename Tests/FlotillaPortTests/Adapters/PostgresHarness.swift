// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaMemory
import FlotillaModel
import FlotillaPostgres
import FlotillaRuntime
import Synchronization
import TestSupport

/// A schema of its own on a server, and a broker in memory that all holders share. Each holder has connected for itself, as a process would.
final class PostgresHarness: Harness {
    let server: PostgresServer
    /// Of programs that are to work on its schema.
    let prefix: String
    let schema: String
    private let broker: MemoryBroker
    private let stores = Mutex<[PostgresStore]>([])
    private static let count = Atomic(0)

    init(_ server: PostgresServer, _ loop: Loop) {
        self.server = server
        prefix = "t\(Self.count.add(1, ordering: .relaxed).newValue)_"
        schema = prefix + "flotilla"
        broker = MemoryBroker(clock: SystemClock(), loop: loop)
    }

    static func use(_ body: (any Harness) async throws -> Void) async throws {
        try await use(on: PostgresServer.shared) { try await body($0) }
    }

    static func use(on server: PostgresServer, _ body: (PostgresHarness) async throws -> Void) async throws {
        await Turnstile.databases.enter()
        defer { Turnstile.databases.leave() }
        let loop = try Loop("broker")
        defer { loop.stop() }
        let harness = PostgresHarness(server, loop)
        do { try await body(harness) } catch {
            await harness.end()
            throw error
        }
        await harness.end()
    }

    /// The lease is long: a process of a crowded machine may not renew a short one in time.
    var options: PostgresStore.Options {
        var options = PostgresStore.Options()
        options.schema = schema
        options.program = "test \(schema)"
        options.lease = .seconds(60)
        return options
    }

    func store(_ address: StoreAddress? = nil, _ change: (inout PostgresStore.Options) -> Void = { _ in }) async throws -> PostgresStore {
        var options = options
        change(&options)
        let store = try await PostgresStore.open(address ?? server.address(), options: options)
        stores.withLock { $0.append(store) }
        return store
    }

    /// With a short lease, so that what vanished comes back soon.
    func open() async throws -> Holder { holder(on: try await store { $0.lease = .seconds(2) }) }

    func holder(on store: PostgresStore) -> Holder {
        let ledger = PostgresLedger(store)
        return Holder(
            broker: broker, ledger: ledger, lanes: PostgresLanes(store), effects: PostgresEffects(store),
            hookSecrets: PostgresHookSecrets(store),
            parking: Parking(park: broker, consents: PostgresConsents(store), ledger: ledger),
            vanish: { [broker] in
                await store.vanish()
                broker.vanish()
            },
            depth: { [broker] in broker.depth(of: $0) },
            state: { try await ledger.entry(for: $0)?.row.state },
            letters: { [broker] queue in broker.letters(in: queue).map { KeptLetter(content: $0.content, passage: $0.passage) } })
    }

    func damage(in queue: String) async throws {
        try await broker.publishDamaged(to: queue)
    }

    func age(tickets time: Duration) async throws {
        try run("UPDATE ticket SET asked = asked - interval '\(time.inMilliseconds) milliseconds'")
    }

    /// Statements in this schema, as an administrator runs them.
    @discardableResult
    func run(_ statements: String...) throws -> [[String?]] {
        try RawPostgres.run(try server.address(), (["SET search_path = \(schema)"] + statements).joined(separator: ";\n"))
    }

    /// Whether a line of a store here waits for somebody's lock.
    func isWaiting(_ purpose: String) throws -> Bool {
        try server.run(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'test \(schema) \(purpose)' AND wait_event_type = 'Lock'"
        ).count == 1
    }

    private func end() async {
        for store in stores.withLock({ $0 }) { await store.close() }
        _ = try? server.run("DROP SCHEMA IF EXISTS \(schema) CASCADE")
    }
}

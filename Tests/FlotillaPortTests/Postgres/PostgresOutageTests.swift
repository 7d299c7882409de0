// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaPostgres
import FlotillaRuntime
import Synchronization
import TestSupport
import Testing

/// A worker at work whose database can't be used for a while: it waits wherever it is, spends no attempts, does nothing twice, and goes on
/// by itself.
@Suite(.serialized, .enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .timeLimit(.minutes(3)))
struct PostgresOutageTests {
    enum Outage: String, CaseIterable, CustomTestStringConvertible {
        case full, readOnly, restart

        var testDescription: String { rawValue }
        var words: String {
            switch self {
            case .full: "the database has no connection left"
            case .readOnly: "the database is read-only"
            case .restart: "Connection refused"
            }
        }
    }

    private static let server = Task {
        let server = try await PostgresServer("max_connections = 24")
        try server.run(
            "CREATE ROLE crew LOGIN PASSWORD 'crew'", "CREATE ROLE crowd LOGIN PASSWORD 'crowd'",
            "GRANT CREATE ON DATABASE postgres TO crew")
        return server
    }

    private static func readOnly(_ change: String, _ server: PostgresServer) throws {
        try server.run("ALTER SYSTEM \(change)")
        try server.run("SELECT pg_reload_conf()")
    }

    @Test(arguments: Outage.allCases)
    func `a worker whose database can't be used waits, spends no attempts, and goes on by itself`(_ outage: Outage) async throws {
        let server = try await Self.server.value
        try await PostgresHarness.use(on: server) { harness in
            // Shorter than the outage, which ends no claim of a process that nobody takes over from.
            let store = try await harness.store(server.address(user: "crew", password: "crew")) { $0.lease = .seconds(2) }
            let holder = harness.holder(on: store)
            let stops = Stops()
            let watcher = WaitNotes()
            let loop = try Loop("worker")
            defer { loop.stop() }
            var settings = Worker.Settings(queue: "q", bindings: [try pattern("t")], concurrency: 16, prefetch: 64)
            settings.sweep = .milliseconds(100)
            let worker = Worker(
                settings, handler: Stopping(stops: stops), broker: holder.broker, ledger: holder.ledger, lanes: holder.lanes,
                effects: holder.effects, clock: SystemClock(), sleeper: LoopSleeper(loop), solitude: Solitude(), watcher: watcher)
            let running = Task { try await worker.run() }
            try await holder.broker.declare("q", bindings: [pattern("t")])
            let held = Stops.places.flatMap { place in (0..<3).map { "\(place) \($0)" } }
            let later = (0..<20).map { "later \($0)" }
            try await holder.broker.publish((held + ["first"]).map { try event($0) })
            await stops.reached.reach(held.count)
            await watcher.done.reach(1)

            let throng = Throng()
            switch outage {
            case .full: try await throng.enter(server)
            case .readOnly: try Self.readOnly("SET default_transaction_read_only = on", server)
            case .restart: try await server.end()
            }
            try await until { await holder.ledger.ailment()?.contains(outage.words) ?? false }
            try await holder.broker.publish(later.map { try event($0) })
            stops.gate.add()
            try await until { watcher.steps.isSuperset(of: ["claim", "effect", "mark"]) }
            #expect(watcher.done.count == 1)

            switch outage {
            case .full: throng.leave()
            case .readOnly: try Self.readOnly("RESET default_transaction_read_only", server)
            case .restart: try await server.start()
            }
            try await within(.seconds(60), "an end of every event") { await watcher.done.reach(held.count + 1 + later.count) }
            try await until { await holder.ledger.ailment() == nil }
            await worker.drain()
            try await running.value
            #expect(watcher.others.count == 0)
            #expect(stops.calls == Dictionary(uniqueKeysWithValues: (held + later + ["first"]).map { ($0, 1) }))
            #expect(stops.attempts == [1])
            let ends = "SELECT state, max(round), max(crashes), count(*) FROM ledger GROUP BY state"
            #expect(try harness.run(ends) == [["\(LedgerState.done.rawValue)", "1", "0", "\(held.count + 1 + later.count)"]])
            #expect(try harness.run("SELECT count(*) FROM claim") == [["0"]])
        }
    }
}

/// Where handlers stand when the database goes, until `gate` is counted; and what they did.
private final class Stops: Sendable {
    static let places = ["before", "within", "behind"]

    let reached = Tally()
    let gate = Tally()
    private let state = Mutex((calls: [String: Int](), attempts: Set<Int>()))

    var calls: [String: Int] { state.withLock { $0.calls } }
    var attempts: Set<Int> { state.withLock { $0.attempts } }

    func stop(_ event: Event, _ place: String) async {
        guard event.id.hasPrefix(place) else { return }
        reached.add()
        await gate.reach(1)
    }

    func begin(_ attempt: Int) { state.withLock { _ = $0.attempts.insert(attempt) } }
    func call(_ event: Event) { state.withLock { $0.calls[event.id, default: 0] += 1 } }
}

private struct Stopping: Handler {
    let stops: Stops

    func handle(_ event: Event, context: Context) async throws -> Outcome {
        stops.begin(context.attempt)
        await stops.stop(event, "before")
        try await context.effect("send", .atMostOnce) { _ in
            stops.call(event)
            await stops.stop(event, "within")
        }
        await stops.stop(event, "behind")
        return .done
    }
}

private final class WaitNotes: WorkerWatcher {
    let done = Tally()
    let others = Tally()
    private let waited = Mutex<Set<String>>([])

    /// That had to wait.
    var steps: Set<String> { waited.withLock { $0 } }

    func waiting(for step: String, because error: any Error) { waited.withLock { _ = $0.insert(step) } }
    func settled(_ delivery: Delivery, _ settlement: Settlement) { if settlement == .done { done.add() } else { others.add() } }
}

/// Takes every connection that the server has for its users.
private final class Throng: Sendable {
    private let sessions = Mutex<[RawSession]>([])

    func enter(_ server: PostgresServer) async throws {
        let address = try server.address(user: "crowd", password: "crowd")
        try await until { [self] in
            try server.run("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'crew'")
            while let one = try? RawSession(address) { sessions.withLock { $0.append(one) } }
            return try server.run("SELECT 1 FROM pg_stat_activity WHERE usename = 'crew'").isEmpty
        }
    }

    func leave() { sessions.withLock { $0 = [] } }
}

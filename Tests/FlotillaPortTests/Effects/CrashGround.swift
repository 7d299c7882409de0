// SPDX-License-Identifier: Apache-2.0

import FlotillaCrypto
import FlotillaEngine
import FlotillaModel
import FlotillaPostgres
import FlotillaRabbitMQ
import FlotillaRuntime
import FlotillaSQLite
import Foundation
import Glibc
import TestSupport
import Testing

/// What crash workers stand on: a case here, and how the test and the workers reach it.
enum CrashGround: String, Sendable, CaseIterable, CustomTestStringConvertible {
    /// Both in one file; the queue on RabbitMQ; and the stores on PostgreSQL, too, as in a fleet of several machines.
    case sqlite, rabbitmq, postgres

    static var allCases: [CrashGround] {
        let rabbit = RabbitNode.isInstalled
        return [.sqlite] + (rabbit ? [.rabbitmq] : []) + (rabbit && PostgresServer.isInstalled ? [.postgres] : [])
    }

    /// How many lanes a worker has while each of its events is killed. A claim on PostgreSQL is held until its lease has run out, whoever was
    /// killed: there one after the other takes its time.
    var lanes: [Int] { self == .postgres && !Self.isLong ? [8] : [1, 8] }

    /// 200 events at each point instead of 20.
    static let isLong = ProcessInfo.processInfo.environment["FLOTILLA_LONG"] != nil

    var testDescription: String { rawValue }

    /// Stores and a broker of their own for the time of `body`, with the queue `q`.
    func with(_ body: (CrashField) async throws -> Void) async throws {
        switch self {
        case .sqlite:
            try await SQLiteHarness.use(options: SQLiteHarness.quick) { harness in
                let file = try await harness.file()
                let broker = SQLiteBroker(file)
                try await body(
                    CrashField(
                        folder: harness.folder, orders: ["file=\(harness.path)"], broker: broker, ledger: SQLiteLedger(file),
                        effects: SQLiteEffects(file)
                    ) { try Tampering.run(harness.path, Self.deletion(of: $0, as: "x'")) })
            }
        case .rabbitmq:
            try await Self.onRabbit { folder, orders, broker in
                try await SQLiteHarness.use(options: SQLiteHarness.quick) { files in
                    let file = try await files.file()
                    try await body(
                        CrashField(
                            folder: folder, orders: orders + ["file=\(files.path)"], broker: broker, ledger: SQLiteLedger(file),
                            effects: SQLiteEffects(file)
                        ) { try Tampering.run(files.path, Self.deletion(of: $0, as: "x'")) })
                }
            }
        case .postgres:
            try await Self.onRabbit { folder, orders, broker in
                try await PostgresHarness.use(on: PostgresServer.shared) { database in
                    try await body(Self.field(folder, orders + ["file=\(folder.path)/unused.db"], broker, database))
                }
            }
        }
    }

    /// The queue in a file, and the stores on PostgreSQL: what a process holds comes back from both when its lease has run out.
    static func onFileAndDatabase(_ body: (CrashField, PostgresHarness) async throws -> Void) async throws {
        try await SQLiteHarness.use(options: SQLiteHarness.quick) { files in
            try await PostgresHarness.use(on: PostgresServer.shared) { database in
                let broker = SQLiteBroker(try await files.file())
                try await body(field(files.folder, ["file=\(files.path)"], broker, database), database)
            }
        }
    }

    private static func field(
        _ folder: Folder, _ orders: [String], _ broker: any Broker & BrokerInspection & JournalInspection, _ database: PostgresHarness
    ) async throws -> CrashField {
        let store = try await database.store()
        // As long as the first rung of the ladder: who comes too early comes again soon.
        let place = ["store=\(database.server.url())", "schema=\(database.schema)", "lease-ms=800"]
        return CrashField(
            folder: folder, orders: orders + place, broker: broker, ledger: PostgresLedger(store), effects: PostgresEffects(store)
        ) { try database.run(deletion(of: $0, as: "'\\x")) }
    }

    private static func onRabbit(_ body: (Folder, [String], RabbitBroker) async throws -> Void) async throws {
        let folder = try Folder()
        try await RabbitHarness.use { harness in
            let rabbit = try #require(harness as? RabbitHarness)
            let broker = try await rabbit.broker {
                $0.journal = JournalRetention(days: 1, bytes: 100_000_000)
                // Whoever looks has stopped the workers before.
                $0.figures = { ["\(rabbit.prefix)q": QueueFigures(held: 0, entered: 0, gone: 0)] }
            }
            try await body(folder, rabbit.orders, broker)
        }
    }

    private static func deletion(of key: LedgerKey, as begin: String) -> String {
        "DELETE FROM ledger WHERE key = \(begin)\(Hex.encode(key.bytes))'"
    }
}

/// One broker and its stores, and the test's own look into them while workers are killed.
struct CrashField: Sendable {
    let folder: Folder
    /// What a crash worker is told of it.
    let orders: [String]
    let broker: any Broker & BrokerInspection & JournalInspection
    let ledger: any Ledger & LedgerInspection
    let effects: any Effects & EffectInspection
    /// Deletes the row of an event, as a hand at the database does.
    let deleteRow: @Sendable (LedgerKey) throws -> Void
    let queue = "q"

    init(
        folder: Folder, orders: [String], broker: any Broker & BrokerInspection & JournalInspection, ledger: any Ledger & LedgerInspection,
        effects: any Effects & EffectInspection, deleteRow: @escaping @Sendable (LedgerKey) throws -> Void
    ) {
        self.folder = folder
        self.orders = orders
        self.broker = broker
        self.ledger = ledger
        self.effects = effects
        self.deleteRow = deleteRow
    }

    func publish(_ ids: [String]) async throws {
        try await broker.declare(queue, bindings: [pattern("q.#")])
        // What was accepted in the millisecond of its binding may have come before it.
        let bound = try await broker.bindings().compactMap(\.since).max()
        try await until { bound.map { SystemClock().now.milliseconds > $0.milliseconds } ?? true }
        try await broker.publish(ids.map { try event($0, type: "q.event") })
    }

    /// A worker that is started again whenever it ends.
    func worker(_ service: RecordingService, _ more: [String] = []) throws -> Replica {
        let files = ["runs=\(folder.path)/runs", "kills=\(folder.path)/kills"]
        return try Replica(orders + files + ["queue=q", "deed=effect", "service=\(service.port)", "prefetch=8"] + more)
    }

    func row(_ id: String) async throws -> LedgerRow? { try await ledger.entry(for: key(id))?.row }

    /// Each of them has come to an end, and nothing is on its way any more.
    func ended(_ ids: [String]) async throws -> Bool {
        for id in ids {
            guard let state = try await row(id)?.state, [.done, .dead, .parked].contains(state) else { return false }
        }
        let reports = try await broker.queues().filter { $0.name == queue || $0.name == QueueNames.delayed }
        return reports.allSatisfy { $0.ready + $0.held + $0.delayed == 0 }
    }

    /// The reasons of the dead letters, by the ids of their events.
    func dead() async throws -> [String: String] {
        let letters = try await broker.letters(in: QueueNames.dead(queue), matching: LetterFilter(), limit: 10_000)
        return Dictionary(grouping: letters) { (try? $0.content.get().id) ?? "-" }.mapValues { letters in
            letters.count == 1 ? letters[0].passage.reason ?? "" : "\(letters.count) letters"
        }
    }

    func lines(_ name: String) -> [String] {
        String(decoding: (try? folder.bytes(name)) ?? Data(), as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

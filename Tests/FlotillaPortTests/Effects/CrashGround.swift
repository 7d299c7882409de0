// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRabbitMQ
import FlotillaRuntime
import FlotillaSQLite
import Foundation
import Testing

/// What crash workers stand on: a case here, and how the test and the workers reach it.
enum CrashGround: String, Sendable, CaseIterable, CustomTestStringConvertible {
    case sqlite, rabbitmq

    static var allCases: [CrashGround] { RabbitNode.isInstalled ? [.sqlite, .rabbitmq] : [.sqlite] }

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
                        effects: SQLiteEffects(file)))
            }
        case .rabbitmq:
            try await RabbitHarness.use { harness in
                let rabbit = try #require(harness as? RabbitHarness)
                try await SQLiteHarness.use(options: SQLiteHarness.quick) { files in
                    let file = try await files.file()
                    let port = rabbit.address.hosts.first?.port ?? 0
                    try await body(
                        CrashField(
                            folder: files.folder,
                            orders: ["file=\(files.path)", "rabbit=amqp://guest:guest@127.0.0.1:\(port)", "prefix=\(rabbit.prefix)"],
                            broker: try await rabbit.broker(), ledger: SQLiteLedger(file), effects: SQLiteEffects(file)))
                }
            }
        }
    }
}

/// One broker and its stores, and the test's own look into them while workers are killed.
struct CrashField: Sendable {
    let folder: Folder
    /// What a crash worker is told of it.
    let orders: [String]
    let broker: any Broker & BrokerInspection
    let ledger: any Ledger & LedgerInspection
    let effects: any Effects & EffectInspection
    let queue = "q"

    func publish(_ ids: [String]) async throws {
        try await broker.declare(queue, bindings: [pattern("q.#")])
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

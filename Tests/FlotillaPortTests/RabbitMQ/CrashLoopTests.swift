// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRabbitMQ
import FlotillaRuntime
import FlotillaSQLite
import Foundation
import TestSupport
import Testing

@Suite(.enabled(if: RabbitNode.isInstalled, "rabbitmq-server is not installed"), .timeLimit(.minutes(5)))
struct CrashLoopTests {
    private static let neighbours = (0..<255).map { "neighbour-\($0)" }

    /// Whoever brings a process down takes along all that stands in its prefetch: they come again elsewhere, and are not to blame.
    @Test func `of three replicas each may crash: the poison is dead after three, and every neighbour is done`() async throws {
        let folder = try Folder()
        try await RabbitHarness.use { harness in
            let harness = try #require(harness as? RabbitHarness)
            let broker = try await harness.broker()
            try await broker.declare("q", bindings: [pattern("q.#")])
            let file = try await SQLiteFile.open(folder.path + "/ledger.db", options: SQLiteHarness.quick)
            let ledger = SQLiteLedger(file)
            try await broker.publish(
                (Self.neighbours.prefix(128) + ["poison"] + Self.neighbours.dropFirst(128)).map { try event($0, type: "q.event") })
            let replicas = try (0..<3).map { _ in
                try Replica(
                    harness.orders + [
                        "file=\(folder.path)/ledger.db", "queue=q",
                        "runs=\(folder.path)/runs", "deed=trap", "for=poison", "concurrency=8", "prefetch=256",
                    ])
            }
            defer { for replica in replicas { replica.stop() } }
            @Sendable func state(_ id: String) async throws -> LedgerState? {
                try await ledger.entry(for: LedgerKey(consumer: "q", source: "/hooks/test", id: id))?.row.state
            }
            try await until(within: .seconds(120)) {
                guard try await state("poison") == .dead else { return false }
                for id in Self.neighbours where try await state(id) != .done { return false }
                return true
            }
            #expect(replicas.reduce(0) { $0 + $1.crashes } == LedgerTable.crashLimit)
            let letters = try await broker.letters(in: "q.dead", matching: LetterFilter(), limit: 300)
            #expect(letters.map { try? $0.content.get().id } == ["poison"])
            #expect(letters.first?.passage.reason?.hasPrefix("crashed") == true)
            let runs = String(decoding: try folder.bytes("runs"), as: UTF8.self).split(separator: "\n").map { $0.prefix { $0 != " " } }
            #expect(runs.count { $0 == "poison" } == LedgerTable.crashLimit)
            // Of those that ran beside it in the first crash, each runs once more at most; beside it in a later one there is none.
            #expect(runs.count <= Self.neighbours.count + LedgerTable.crashLimit + 8 * LedgerTable.crashLimit, "\(runs.count) runs")
            // Nothing is on its way any more.
            try await until {
                try await broker.queues().filter { $0.name == "q" || $0.name == "flotilla.delay" }.allSatisfy { $0.ready + $0.delayed == 0 }
            }
            for replica in replicas { replica.stop() }
            await file.close()
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRabbitMQ
import FlotillaRuntime
import FlotillaSQLite
import Foundation
import TestSupport
import Testing

/// Order by partition key among replicas on one RabbitMQ, with lanes in a file that they share.
@Suite(.enabled(if: RabbitNode.isInstalled, "rabbitmq-server is not installed"), .timeLimit(.minutes(5)))
struct ReplicaOrderTests {
    @Test(arguments: ["exclusive", "strict"])
    func `of replicas that crash and come back never two run one key at once, and strict order holds`(_ order: String) async throws {
        let folder = try Folder()
        try await RabbitHarness.use { harness in
            let harness = try #require(harness as? RabbitHarness)
            let broker = try await harness.broker()
            try await broker.declare("q", bindings: [pattern("q.#")])
            let file = try await SQLiteFile.open(folder.path + "/ledger.db", options: SQLiteHarness.quick)
            let ledger = SQLiteLedger(file)
            let ids = (0..<30).flatMap { number in (0..<4).map { "\($0)-\(number)" } }
            try await broker.publish(ids.map { try event($0, type: "q.event", partitionKey: "k\($0.prefix(1))") })
            let replicas = try (0..<2).map { _ in
                try Replica(
                    harness.orders + [
                        "file=\(folder.path)/ledger.db", "queue=q",
                        "runs=\(folder.path)/runs", "spans=\(folder.path)/spans", "deed=once", "for=1-7", "order=\(order)", "concurrency=4",
                        "prefetch=16", "kill=handled,claimed", "kills=\(folder.path)/kills",
                    ])
            }
            defer { for replica in replicas { replica.stop() } }
            try await until(.seconds(120)) {
                for id in ids where try await ledger.entry(for: key(id))?.row.state != .done { return false }
                return true
            }
            #expect(replicas.reduce(0) { $0 + $1.crashes } >= 1)
            for replica in replicas { replica.stop() }
            let spans = Spans(String(decoding: try folder.bytes("spans"), as: UTF8.self))
            #expect(spans.overlaps.isEmpty)
            if order == "strict" { for key in 0..<4 { #expect(spans.isWhole("k\(key)")) } }
            await file.close()
        }
    }
}

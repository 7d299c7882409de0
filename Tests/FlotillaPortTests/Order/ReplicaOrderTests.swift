// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import Foundation
import Glibc
import TestSupport
import Testing

/// Order by partition key among replicas that share their lanes, in a file or on PostgreSQL, some of which are killed or stopped.
@Suite(.timeLimit(.minutes(5)))
struct ReplicaOrderTests {
    /// The key of an id is what stands before its number.
    private static func publish(_ ids: [String], to field: CrashField) async throws {
        try await field.broker.declare(field.queue, bindings: [pattern("q.#")])
        try await field.broker.publish(ids.map { try event($0, type: "q.event", partitionKey: "k\($0.prefix(1))") })
    }

    /// - Parameter lease: in milliseconds. Whoever comes to no processor for as long is taken for dead, rightly.
    private static func replica(_ field: CrashField, _ order: String, _ more: [String], lease: Int = 5000) throws -> Replica {
        let files = ["runs", "spans", "kills"].map { "\($0)=\(field.folder.path)/\($0)" }
        return try Replica(field.orders + files + ["lease-ms=\(lease)", "queue=q", "order=\(order)", "yields=10000"] + more)
    }

    private static func spans(_ field: CrashField) -> Spans { Spans(field.lines("spans").joined(separator: "\n")) }

    private static func done(_ ids: [String], _ field: CrashField) async throws {
        try await until(within: .seconds(120)) {
            for id in ids where try await field.row(id)?.state != .done { return false }
            return true
        }
    }

    @Test(arguments: CrashGround.allCases, ["exclusive", "strict"])
    func `of replicas that crash and come back never two run one key at once, and strict order holds`(
        _ ground: CrashGround, _ order: String
    ) async throws {
        try await ground.with { field in
            let ids = (0..<30).flatMap { number in (0..<4).map { "\($0)-\(number)" } }
            try await Self.publish(ids, to: field)
            let orders = ["deed=once", "for=1-7", "concurrency=4", "prefetch=16", "kill=handled,claimed"]
            let replicas = try (0..<2).map { _ in try Self.replica(field, order, orders) }
            defer { for replica in replicas { replica.stop() } }
            try await Self.done(ids, field)
            #expect(replicas.reduce(0) { $0 + $1.crashes } >= 1)
            for replica in replicas { replica.stop() }
            let spans = Self.spans(field)
            #expect(spans.overlaps.isEmpty)
            if order == "strict" { for key in 0..<4 { #expect(spans.isWhole("k\(key)")) } }
        }
    }

    @Test(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), arguments: ["exclusive", "strict"])
    func `with lanes on PostgreSQL and replicas that are killed at random never two run one key at once, and strict order holds`(
        _ order: String
    ) async throws {
        var random = Seeded(20_260_104)
        try await CrashGround.onFileAndDatabase { field, database in
            let ids = (0..<30).flatMap { number in (0..<8).map { "\($0)-\(number)" } }
            try await Self.publish(ids, to: field)
            let crew = try (0..<3).map { _ in try Self.replica(field, order, ["deed=done", "concurrency=4", "prefetch=16"]) }
            defer { for replica in crew { replica.stop() } }
            // Few enough that no event is in the middle of its run for the third time.
            for kill in 1...3 {
                // No more than there are, however many have run by now.
                let goal = min(field.lines("runs").count + Int.random(in: 5...20, using: &random), ids.count)
                try await until { field.lines("runs").count >= goal }
                crew[Int.random(in: 0..<3, using: &random)].send(SIGKILL)
                try await until { crew.reduce(0) { $0 + $1.crashes } == kill }
            }
            try await Self.done(ids, field)
            for replica in crew { replica.stop() }
            let spans = Self.spans(field)
            #expect(spans.overlaps.isEmpty)
            if order == "strict" { for key in 0..<8 { #expect(spans.isWhole("k\(key)")) } }
            #expect(try database.run("SELECT count(*) FROM ticket WHERE key NOT IN (SELECT key FROM ledger)") == [["0"]])
        }
    }

    @Test(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), arguments: ["exclusive", "strict"])
    func `a replica that is stopped past its lease is taken for dead; when it goes on its handler is cancelled, and its key is another's`(
        _ order: String
    ) async throws {
        try await CrashGround.onFileAndDatabase { field, _ in
            let ids = (0..<3).map { "0-\($0)" }
            try await Self.publish(ids, to: field)
            let stopped = try Self.replica(field, order, ["deed=hang", "for=0-0", "concurrency=1", "prefetch=1"], lease: 2000)
            defer { stopped.stop() }
            try await until { field.lines("spans").count == 1 }
            try await pause(stopped.send) { try await field.broker.declare(field.queue, bindings: [pattern("q.#")]) }
            let begin = try #require(field.lines("spans").first)
            let other = try Self.replica(field, order, ["deed=done"])
            defer { other.stop() }
            try await Self.done(ids, field)
            stopped.send(SIGCONT)
            try await until { field.lines("spans").contains("-" + begin.dropFirst()) }
            #expect(try await field.row("0-0")?.state == .done)
            // It goes on with what comes.
            other.stop()
            try await Self.publish(["0-3"], to: field)
            try await Self.done(["0-3"], field)
            #expect(stopped.crashes == 0 && other.crashes == 0)
            if order == "strict" { #expect(Self.spans(field).order["k0"] == ids + ["0-3"]) }
        }
    }
}

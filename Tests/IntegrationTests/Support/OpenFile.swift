// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

@testable internal import FlotillaSQLite

/// A database as one more process sees it: the test looks into it and publishes into it while others are killed.
struct OpenFile: Sendable {
    let file: SQLiteFile
    let broker: SQLiteBroker
    let ledger: SQLiteLedger

    static func with<Value>(_ path: String, _ body: (OpenFile) async throws -> Value) async throws -> Value {
        var options = SQLiteFile.Options()
        options.lease = .seconds(1)
        let file = try await SQLiteFile.open(path, options: options)
        do {
            let value = try await body(OpenFile(file: file, broker: SQLiteBroker(file), ledger: SQLiteLedger(file)))
            await file.close()
            return value
        } catch {
            await file.close()
            throw error
        }
    }

    func declare(_ queue: String) async throws {
        try await broker.declare(queue, bindings: [TopicPattern(queue + ".#")].compactMap(\.self))
    }

    /// With the time of now as data, like those of the crash worker.
    func publish(_ ids: [String], to queue: String, partitionKey: String? = nil) async throws {
        let extensions = partitionKey.map { ["partitionkey": $0] } ?? [:]
        try await broker.publish(
            ids.map { try Event(id: $0, source: "/test", type: queue + ".event", extensions: extensions, data: Array("0".utf8)) })
    }

    func report(_ queue: String) async throws -> QueueReport {
        try await broker.queues().first { $0.name == queue } ?? QueueReport(name: queue)
    }

    /// Nothing is on its way in this queue: every delivery was acknowledged.
    func isEmpty(_ queue: String) async throws -> Bool {
        let report = try await report(queue)
        return report.ready + report.held + report.delayed == 0
    }

    func dead(_ queue: String) async throws -> [Letter] {
        try await broker.letters(in: QueueNames.dead(queue), matching: LetterFilter(), limit: 1000)
    }

    func parked(_ queue: String) async throws -> [Letter] {
        try await broker.letters(in: QueueNames.parked(queue), matching: LetterFilter(), limit: 1000)
    }

    func state(of id: String, in queue: String, source: String = "/test") async throws -> LedgerState? {
        try await ledger.entry(for: LedgerKey(consumer: queue, source: source, id: id))?.row.state
    }

    func count(_ sql: String) async throws -> Int {
        try await file.read { Int(try $0.database.integer(sql) ?? -1) }
    }

    /// `ok`, or what SQLite finds wrong.
    func integrity() async throws -> String {
        try await file.read { turn in
            try turn.database.once("PRAGMA integrity_check") { try $0.rows { $0.text(0) ?? "" } }.joined(separator: "; ")
        }
    }
}

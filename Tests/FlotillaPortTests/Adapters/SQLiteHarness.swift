// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import FlotillaSQLite
import Synchronization
import TestSupport

/// Each holder has opened the file for itself, as a process would. The lease is short, so that what vanished comes back soon.
final class SQLiteHarness: Harness {
    let folder: Folder
    private let files = Mutex<[SQLiteFile]>([])
    private let options: SQLiteFile.Options

    init(folder: Folder, options: SQLiteFile.Options) {
        self.folder = folder
        self.options = options
    }

    static var quick: SQLiteFile.Options {
        var options = SQLiteFile.Options()
        options.lease = .milliseconds(900)
        return options
    }

    static func use(_ body: (any Harness) async throws -> Void) async throws {
        try await use(options: quick) { try await body($0) }
    }

    static func use(options: SQLiteFile.Options, _ body: (SQLiteHarness) async throws -> Void) async throws {
        await Turnstile.files.enter()
        defer { Turnstile.files.leave() }
        let harness = SQLiteHarness(folder: try Folder(), options: options)
        do { try await body(harness) } catch {
            await harness.end()
            throw error
        }
        await harness.end()
    }

    var path: String { folder.path + "/flotilla.db" }

    func file(clock: any WallClock = SystemClock()) async throws -> SQLiteFile {
        let file = try await SQLiteFile.open(path, options: options, clock: clock)
        files.withLock { $0.append(file) }
        return file
    }

    func open() async throws -> Holder {
        Self.holder(try await file())
    }

    static func holder(_ file: SQLiteFile) -> Holder {
        let broker = SQLiteBroker(file)
        let ledger = SQLiteLedger(file)
        return Holder(
            broker: broker, ledger: ledger, lanes: SQLiteLanes(file), effects: SQLiteEffects(file), hookSecrets: SQLiteHookSecrets(file),
            parking: Parking(park: broker, consents: SQLiteConsents(file), ledger: ledger), vanish: { await file.vanish() },
            depth: { queue in
                let report = try await broker.queues().first { $0.name == queue }
                return report.map { $0.ready + $0.held + $0.delayed } ?? 0
            },
            state: { try await ledger.entry(for: $0)?.row.state },
            letters: { queue in
                try await broker.letters(in: queue, matching: LetterFilter(), limit: 10_000)
                    .map { KeptLetter(content: $0.content, passage: $0.passage) }
            })
    }

    func damage(in queue: String) async throws {
        let broker = SQLiteBroker(try await file())
        try await broker.declare("damage", bindings: [pattern("damage")])
        try await broker.publish([event("damaged", type: "damage")])
        try Tampering.run(
            path,
            "UPDATE delivery SET queue = (SELECT id FROM queue WHERE name = '\(queue)') "
                + "WHERE number = (SELECT number FROM event WHERE id = 'damaged')",
            "UPDATE event SET source = -1 WHERE id = 'damaged'")
        // Whoever consumes that queue hears of it with the next commit.
        try await broker.publish([event("bell", type: "damage")])
    }

    func age(tickets time: Duration) async throws {
        try Tampering.run(path, "UPDATE ticket SET asked = asked - \(time.inMilliseconds)")
    }

    private func end() async {
        for file in files.withLock({ $0 }) { await file.close() }
    }
}

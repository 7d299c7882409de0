// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaSQLite
import TestSupport
import Testing

struct UpgradeTests {
    /// A file as version 1 left it, with an event and an outcome in it.
    private static func first(in folder: Folder) async throws -> String {
        let path = folder.path + "/flotilla.db"
        let file = try await SQLiteFile.open(path)
        try await SQLiteBroker(file).publish([event("kept")])
        let ledger = SQLiteLedger(file)
        let fence = try await ledger.claimed(key("done"))
        #expect(try await ledger.mark(key("done"), fence: fence, as: .done))
        await file.close()
        try Self.bringDown(path)
        return path
    }

    /// To version 1, with all that is in it.
    private static func bringDown(_ path: String) throws {
        try Tampering.run(
            path, "DROP TABLE hook_secret", "DROP TABLE effect", "DROP TABLE binding_since", "DROP TABLE lane", "DROP TABLE ticket",
            "DROP TABLE connection",
            "DROP TABLE park_note", "DROP TABLE consent_count",
            "DROP INDEX letter_connection", "ALTER TABLE letter DROP COLUMN connection", "PRAGMA user_version = 1")
    }

    private static func expectWhole(_ file: SQLiteFile) async throws {
        let letters = try await SQLiteBroker(file).letters(in: QueueNames.unrouted, matching: LetterFilter(), limit: 10)
        #expect(letters.compactMap { try? $0.content.get().id } == ["kept"])
        #expect(try await SQLiteLedger(file).entry(for: key("done"))?.row.state == .done)
        let secret = HookSecret(hook: "h", sealed: SealedSecret(key: "k", bytes: [1]), since: Timestamp(milliseconds: 1))
        #expect(try await SQLiteHookSecrets(file).put(secret))
        #expect(try await SQLiteHookSecrets(file).forget(secret))
        #expect(try await SQLiteEffects(file).effects(of: key("done")).isEmpty)
    }

    @Test func `a file of an older version is brought up when it is opened, and keeps what is in it`() async throws {
        let folder = try Folder()
        let path = try await Self.first(in: folder)
        for _ in 0..<2 {
            let file = try await SQLiteFile.open(path)
            try await Self.expectWhole(file)
            await file.close()
        }
        #expect(try Tampering.integer(path, "PRAGMA user_version") == 5)
    }

    @Test func `several processes that open an older file at once bring it up once`() async throws {
        let folder = try Folder()
        let path = try await Self.first(in: folder)
        try await withThrowingTaskGroup { group in
            for _ in 0..<4 { group.addTask { try await SQLiteFile.open(path) } }
            for try await file in group {
                _ = try await SQLiteHookSecrets(file).all()
                await file.close()
            }
        }
    }

    @Test func `a process that has an older file open goes on while another brings it up`() async throws {
        let folder = try Folder()
        let path = try await Self.first(in: folder)
        let newer = try await SQLiteFile.open(path)
        // As an older version would: it knows nothing of the tables.
        try Self.bringDown(path)
        let another = try await SQLiteFile.open(path)
        try await SQLiteBroker(newer).publish([event("later")])
        #expect(try await SQLiteBroker(another).letters(in: QueueNames.unrouted, matching: LetterFilter(), limit: 10).count == 2)
        await newer.close()
        await another.close()
    }
}

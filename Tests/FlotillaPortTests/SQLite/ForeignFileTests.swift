// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaSQLite
import Foundation
import TestSupport
import Testing

struct ForeignFileTests {
    /// The bytes of a file of ours with a few hundred events in it.
    private static func sound() async throws -> Data {
        let folder = try Folder()
        let file = try await SQLiteFile.open(folder.path + "/flotilla.db")
        let broker = SQLiteBroker(file)
        try await broker.declare("q", bindings: [pattern("t")])
        try await broker.publish((0..<300).map { try event("\($0)", data: [UInt8](repeating: 7, count: 500)) })
        await file.close()
        return try folder.bytes("flotilla.db")
    }

    /// What opening answers; the file is as it was.
    private static func refusal(_ bytes: Data) async throws -> SQLiteFailure? {
        let folder = try Folder()
        try folder.write(bytes, to: "flotilla.db")
        var refusal: SQLiteFailure?
        do {
            let file = try await SQLiteFile.open(folder.path + "/flotilla.db")
            await file.close()
        } catch let failure as SQLiteFailure {
            refusal = failure
            #expect(failure.description.contains(folder.path + "/flotilla.db"))
        }
        #expect(try folder.bytes("flotilla.db") == bytes)
        return refusal
    }

    @Test(arguments: [
        "x", "SQLite format 3", "This is a letter to a friend, and no database at all.", String(repeating: "\u{0}", count: 8192),
    ])
    func `bytes that are no database are refused by name, and left as they are`(_ text: String) async throws {
        guard case .notADatabase = try await Self.refusal(Data(text.utf8)) else {
            Issue.record("taken, or refused for another reason")
            return
        }
    }

    @Test func `another program's database is refused by name, and left as it is`() async throws {
        let folder = try Folder()
        try Tampering.run(folder.path + "/other.db", "CREATE TABLE address (name TEXT)", "INSERT INTO address VALUES ('a')")
        guard case .foreign = try await Self.refusal(folder.bytes("other.db")) else {
            Issue.record("taken, or refused for another reason")
            return
        }
    }

    @Test func `a file of a newer version is refused by name, and left as it is`() async throws {
        var bytes = try await Self.sound()
        // The user version stands at byte 60.
        bytes.replaceSubrange(60..<64, with: [0, 0, 0, 99])
        guard case .newer(_, 99) = try await Self.refusal(bytes) else {
            Issue.record("taken, or refused for another reason")
            return
        }
    }

    @Test func `a file that was cut is refused by name, and left as it is`() async throws {
        let bytes = try await Self.sound()
        for length in [100, 4095, 4096, bytes.count / 2, bytes.count - 4096] {
            #expect(try await Self.refusal(bytes.prefix(length)) != nil, "cut at \(length)")
        }
    }

    @Test func `damage to the pages that are read first is refused by name, and left as it is`() async throws {
        let bytes = try await Self.sound()
        // The kind of the schema's page, its first cell, and a wild page size.
        for (place, byte) in [(100, UInt8(0xFF)), (108, 0xFF), (16, 0x03)] {
            var damaged = bytes
            damaged[place] = byte
            #expect(try await Self.refusal(damaged) != nil, "byte \(place)")
        }
    }

    @Test func `damage anywhere is an error or goes unseen, and never brings the process down`() async throws {
        let bytes = try await Self.sound()
        var random = Seeded(9)
        for _ in 0..<60 {
            var damaged = bytes
            for _ in 0..<40 { damaged[Int.random(in: 100..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
            let folder = try Folder()
            try folder.write(damaged, to: "flotilla.db")
            guard let file = try? await SQLiteFile.open(folder.path + "/flotilla.db") else { continue }
            let broker = SQLiteBroker(file)
            let ledger = SQLiteLedger(file)
            try? await broker.declare("q", bindings: [pattern("t")])
            try? await broker.publish([event("new")])
            if let subscription = try? await broker.subscribe(to: "q", prefetch: 1000) {
                try? await broker.publish([event("newer")])
                _ = try? await ledger.claim(key("1"), round: 1, generation: 0, alone: false)
                _ = try? await broker.queues()
                _ = try? await broker.letters(in: "unrouted", matching: LetterFilter(), limit: 10)
                await subscription.cancel()
            }
            await file.close()
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

extension SQLiteLedger: LedgerInspection {
    package func entry(for key: LedgerKey) async throws -> LedgerEntry? {
        try await file.read { turn in
            try LedgerRows.find(key, in: turn).map { LedgerEntry(row: $0.row, claimed: $0.claimed, changed: $0.changed) }
        }
    }

    package func entries(for keys: [LedgerKey]) async throws -> [LedgerEntry?] {
        try await file.read { turn in
            try keys.map { key in
                try LedgerRows.find(key, in: turn).map { LedgerEntry(row: $0.row, claimed: $0.claimed, changed: $0.changed) }
            }
        }
    }

    package func discard(_ key: LedgerKey, generation: Int) async throws {
        try await file.write { turn in
            let stored = try LedgerRows.find(key, in: turn)
            guard let row = LedgerTable.discard(stored?.row, generation: generation) else { return }
            try LedgerRows.write(row, for: key, replacing: stored, in: turn)
        }
    }

    package func record(_ deed: Deed) async throws {
        try await file.write { try Deeds.add(deed, in: $0) }
    }

    package func deeds(limit: Int) async throws -> [Deed] {
        try await file.read { turn in
            try turn.database.once("SELECT at, who, what FROM deed ORDER BY at DESC, rowid DESC LIMIT ?1") { select in
                select.bind(1, limit)
                return try select.rows {
                    Deed(at: Timestamp(milliseconds: $0.integer(0)), who: $0.text(1) ?? "", what: $0.text(2) ?? "")
                }
            }
        }
    }
}

/// What people did.
enum Deeds {
    static func add(_ deed: Deed, in turn: Turn) throws {
        try turn.database.once("INSERT INTO deed VALUES (?1, ?2, ?3)") { add in
            add.bind(1, deed.at.milliseconds)
            add.bind(2, deed.who)
            add.bind(3, deed.what)
            try add.run()
        }
    }
}

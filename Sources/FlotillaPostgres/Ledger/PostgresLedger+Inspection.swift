// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

extension PostgresLedger: LedgerInspection {
    package func entry(for key: LedgerKey) async throws -> LedgerEntry? { try await entries(for: [key])[0] }

    package func entries(for keys: [LedgerKey]) async throws -> [LedgerEntry?] {
        let all = Parameter.keys(keys)
        let rows = try await store.ask([Query.claimRows(all), Query.outcomes(all)])
        let found = Self.entries(claims: rows[0], outcomes: rows[1])
        return keys.map { found[$0] }
    }

    /// What runs now goes before what became of it earlier.
    static func entries(claims: Rows, outcomes: Rows) -> [LedgerKey: LedgerEntry] {
        let epoch = Timestamp(microseconds: 0)
        var found: [LedgerKey: LedgerEntry] = [:]
        for row in outcomes {
            guard let key = row.key(0) else { continue }
            found[key] = LedgerEntry(row: row.outcome, claimed: row.time(6) ?? epoch, changed: row.time(7) ?? epoch)
        }
        for row in claims {
            guard let key = row.key(0) else { continue }
            let at = row.time(5) ?? epoch
            found[key] = LedgerEntry(row: row.claim, claimed: at, changed: at)
        }
        return found
    }

    package func discard(_ key: LedgerKey, generation: Int) async throws {
        try await ask(key, .discard(generation: generation))
    }

    package func record(_ deed: Deed) async throws {
        _ = try await store.ask(Self.addDeed(deed))
    }

    static func addDeed(_ deed: Deed) -> Call {
        let add = Query("deed_add", "INSERT INTO deed VALUES ($1::timestamptz, $2::text, $3::text)")
        return add(.time(deed.at), .text(deed.who), .text(deed.what))
    }

    package func deeds(limit: Int) async throws -> [Deed] {
        let list = Query("deed_list", "SELECT at, who, what FROM deed ORDER BY at DESC, ctid DESC LIMIT $1::int8")
        return try await store.ask(list(.integer(limit))).map { row in
            Deed(at: row.time(0) ?? Timestamp(microseconds: 0), who: row.text(1) ?? "", what: row.text(2) ?? "")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

extension PostgresLedger: LedgerInspection {
    package func entry(for key: LedgerKey) async throws -> LedgerEntry? {
        let rows = try await store.ask([Query.claimRow(.key(key)), Query.outcomes(.keys([key]))])
        let epoch = Timestamp(microseconds: 0)
        if let claim = rows[0].first {
            let at = claim.time(6) ?? epoch
            return LedgerEntry(row: claim.claim, claimed: at, changed: at)
        }
        return rows[1].first.map { LedgerEntry(row: $0.outcome, claimed: $0.time(6) ?? epoch, changed: $0.time(7) ?? epoch) }
    }

    package func discard(_ key: LedgerKey, generation: Int) async throws {
        try await ask(key, .discard(generation: generation))
    }

    package func record(_ deed: Deed) async throws {
        let add = Query("deed_add", "INSERT INTO deed VALUES ($1::timestamptz, $2::text, $3::text)")
        _ = try await store.ask(add(.time(deed.at), .text(deed.who), .text(deed.what)))
    }

    package func deeds(limit: Int) async throws -> [Deed] {
        let list = Query("deed_list", "SELECT at, who, what FROM deed ORDER BY at DESC LIMIT $1::int8")
        return try await store.ask(list(.integer(limit))).map { row in
            Deed(at: row.time(0) ?? Timestamp(microseconds: 0), who: row.text(1) ?? "", what: row.text(2) ?? "")
        }
    }
}

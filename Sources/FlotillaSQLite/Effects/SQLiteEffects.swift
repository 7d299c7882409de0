// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

/// The Effects port on a file: in the one that the claims are in, so that one transaction sees both.
package struct SQLiteEffects: Effects {
    let file: SQLiteFile

    package init(_ file: SQLiteFile) {
        self.file = file
    }

    package func begin(_ effect: EffectName, _ ask: EffectAsk, under claim: HeldClaim?) async throws -> EffectAnswer {
        try await file.write { turn in
            guard try EffectRows.holds(claim, in: turn) else { return .lost }
            let decision = EffectTable.begin(try EffectRows.find(effect, in: turn), ask, fence: claim?.fence, now: turn.now)
            if let row = decision.write { try EffectRows.write(row, for: effect, in: turn) }
            return decision.answer
        }
    }

    package func finish(_ effect: EffectName, _ ask: EffectAsk, value: EffectRecord?, under claim: HeldClaim?) async throws -> Bool {
        try await file.write { turn in
            guard try EffectRows.holds(claim, in: turn) else { return false }
            let row = EffectTable.finish(
                try EffectRows.find(effect, in: turn), ask, value: value, fence: claim?.fence, now: turn.now)
            try EffectRows.write(row, for: effect, in: turn)
            return true
        }
    }

    package func withdraw(_ effect: EffectName, run: Int64, under claim: HeldClaim) async throws -> Bool {
        try await file.write { turn in
            guard try EffectRows.holds(claim, in: turn) else { return false }
            if let row = try EffectRows.find(effect, in: turn), EffectTable.withdraws(row, run: run) {
                try EffectRows.drop(effect, in: turn)
            }
            return true
        }
    }
}

extension SQLiteEffects: EffectInspection {
    package func effects(of event: LedgerKey) async throws -> [EffectEntry] {
        try await file.read { turn in
            try turn.database.once(
                "SELECT \(EffectRows.columns), name, key FROM effect WHERE event = ?1 ORDER BY since, name, key"
            ) { select in
                event.withBytes { select.bind(1, $0) }
                return try select.rows { row in
                    let effect = EffectName(
                        event: event, name: row.text(EffectRows.columnCount) ?? "", key: row.text(EffectRows.columnCount + 1) ?? "")
                    return EffectEntry(effect: effect, row: EffectRows.read(row))
                }
            }
        }
    }

    package func resolve(_ effect: EffectName, as verdict: EffectVerdict, recording deed: Deed) async throws -> EffectResolution {
        try await file.write { turn in
            let claim = try LedgerRows.find(effect.event, in: turn).flatMap { try LedgerRows.heldUntil($0, in: turn) }
            let decision = EffectTable.resolve(
                try EffectRows.find(effect, in: turn), as: verdict, isRunning: claim != nil, now: turn.now)
            switch decision.change {
            case .none: return decision.answer
            case .remove: try EffectRows.drop(effect, in: turn)
            case .write(let row): try EffectRows.write(row, for: effect, in: turn)
            }
            try Deeds.add(deed, in: turn)
            return decision.answer
        }
    }
}

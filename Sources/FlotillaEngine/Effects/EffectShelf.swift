// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// Effects in memory: a value that its owner keeps under a lock of his own, together with the claims that it checks.
package struct EffectShelf: Sendable {
    package private(set) var rows: [EffectName: EffectRow] = [:]

    package init() {}

    package mutating func begin(_ effect: EffectName, _ ask: EffectAsk, fence: Int64?, now: Timestamp) -> EffectAnswer {
        let decision = EffectTable.begin(rows[effect], ask, fence: fence, now: now)
        if let row = decision.write { rows[effect] = row }
        return decision.answer
    }

    package mutating func finish(_ effect: EffectName, _ ask: EffectAsk, value: EffectRecord?, fence: Int64?, now: Timestamp) {
        rows[effect] = EffectTable.finish(rows[effect], ask, value: value, fence: fence, now: now)
    }

    package mutating func withdraw(_ effect: EffectName, run: Int64) {
        if let row = rows[effect], EffectTable.withdraws(row, run: run) { rows[effect] = nil }
    }

    package mutating func resolve(
        _ effect: EffectName, as verdict: EffectVerdict, isRunning: Bool, now: Timestamp
    ) -> EffectResolution {
        let decision = EffectTable.resolve(rows[effect], as: verdict, isRunning: isRunning, now: now)
        switch decision.change {
        case .none: break
        case .remove: rows[effect] = nil
        case .write(let row): rows[effect] = row
        }
        return decision.answer
    }

    package func entries(of event: LedgerKey) -> [EffectEntry] {
        rows.filter { $0.key.event == event }.map { EffectEntry(effect: $0.key, row: $0.value) }
            .sorted { ($0.row.since, $0.effect.name, $0.effect.key) < ($1.row.since, $1.effect.name, $1.effect.key) }
    }
}

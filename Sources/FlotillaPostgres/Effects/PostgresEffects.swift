// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

/// The Effects port on PostgreSQL. An intent and a result are one round trip each; the claim that they are written under is locked in the
/// same transaction.
package struct PostgresEffects: Effects {
    private let store: PostgresStore

    package init(_ store: PostgresStore) {
        self.store = store
    }

    package func begin(_ effect: EffectName, _ ask: EffectAsk, under claim: HeldClaim?) async throws -> EffectAnswer {
        while true {
            let intend = Call(query: .intend, parameters: Self.parameters(effect, ask, claim))
            let find = Query.effectRow(.key(effect.event), .text(effect.name), .text(effect.key))
            let rows = try await store.ask(Self.hold(claim) + [intend, find])
            if claim != nil, rows[0].isEmpty { return .lost }
            let (intended, found) = (rows[rows.count - 2], rows[rows.count - 1])
            if !intended.isEmpty { return .call(isRepeat: false) }
            // It was there, and was taken back before it was read: again.
            guard let row = found.first else { continue }
            let now = row.time(Self.columnCount) ?? Timestamp(microseconds: 0)
            return EffectTable.begin(Self.read(row), ask, fence: claim?.fence, now: now).answer
        }
    }

    package func finish(_ effect: EffectName, _ ask: EffectAsk, value: EffectRecord?, under claim: HeldClaim?) async throws -> Bool {
        let parameters = Self.parameters(effect, ask, claim) + Self.parameters(value)
        let rows = try await store.ask(Self.hold(claim) + [Call(query: .finishEffect, parameters: parameters)])
        return !rows[rows.count - 1].isEmpty
    }

    package func withdraw(_ effect: EffectName, run: Int64, under claim: HeldClaim) async throws -> Bool {
        let withdraw = Query.withdrawEffect(
            .key(effect.event), .text(effect.name), .integer(claim.fence), .text(effect.key), .integer(run))
        return try await !store.ask(Self.hold(claim) + [withdraw])[0].isEmpty
    }

    // MARK: Rows

    private static let columnCount: Int32 = 10

    private static func hold(_ claim: HeldClaim?) -> [Call] {
        claim.map { [Query.holdClaim(.key($0.key), .integer($0.fence))] } ?? []
    }

    private static func parameters(_ effect: EffectName, _ ask: EffectAsk, _ claim: HeldClaim?) -> [Parameter] {
        [
            .key(effect.event), .text(effect.name), claim.map { .integer($0.fence) } ?? .null, .text(effect.key), .bytes(ask.argument),
            .text(ask.rule.name), .flag(ask.isSecret), .integer(ask.run),
        ]
    }

    private static func parameters(_ value: EffectRecord?) -> [Parameter] {
        switch value {
        case .plain(let bytes): [.bytes(bytes), .null]
        case .sealed(let sealed): [.bytes(sealed.bytes), .text(sealed.key)]
        case nil: [.null, .null]
        }
    }

    private static func read(_ row: Row) -> EffectRow {
        var value: EffectRecord?
        if !row.isNull(4) {
            value = row.text(5).map { .sealed(SealedSecret(key: $0, bytes: row.bytes(4))) } ?? .plain(row.bytes(4))
        }
        let epoch = Timestamp(microseconds: 0)
        return EffectRow(
            // A state that nobody knows is one that nobody knows the end of.
            state: EffectState(rawValue: Int(row.integer(0))) ?? .intended, argument: row.bytes(1), policy: row.text(2) ?? "",
            isSecret: row.flag(3), value: value, since: row.time(6) ?? epoch, changed: row.time(7) ?? epoch, fence: row.integer(8),
            run: row.integer(9))
    }
}

extension PostgresEffects: EffectInspection {
    package func effects(of event: LedgerKey) async throws -> [EffectEntry] {
        try await store.ask(Query.effectsOf(.key(event))).map { row in
            let effect = EffectName(event: event, name: row.text(Self.columnCount) ?? "", key: row.text(Self.columnCount + 1) ?? "")
            return EffectEntry(effect: effect, row: Self.read(row))
        }
    }

    package func resolve(_ effect: EffectName, as verdict: EffectVerdict, recording deed: Deed) async throws -> EffectResolution {
        let name = [Parameter.key(effect.event), .text(effect.name), .text(effect.key)]
        return try await store.transaction { transaction in
            let rows = try await transaction.ask([Call(query: .lockEffect, parameters: name), Query.runsNow(.key(effect.event))])
            let now = rows[0].first?.time(Self.columnCount) ?? Timestamp(microseconds: 0)
            let decision = EffectTable.resolve(rows[0].first.map(Self.read), as: verdict, isRunning: !rows[1].isEmpty, now: now)
            let change: Call
            switch decision.change {
            case .none: return decision.answer
            case .remove: change = Call(query: .dropEffect, parameters: name)
            case .write(let row): change = Call(query: .resolveEffect, parameters: name + Self.parameters(row.value))
            }
            _ = try await transaction.finish([change, PostgresLedger.addDeed(deed)])
            return decision.answer
        }
    }
}

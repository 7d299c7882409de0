// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

/// The Effects port on PostgreSQL: in the database that the claims are in, so that one transaction sees both. What waits at the same time
/// shares a round trip and a commit.
package final class PostgresEffects: Effects {
    private struct Ask: BatchedAsk {
        let key: LedgerKey
        let calls: [Call]
        let continuation: CheckedContinuation<[Rows], any Error>

        func fail(_ failure: PostgresFailure) { continuation.resume(throwing: failure) }
    }

    let store: PostgresStore
    private let batches: Batches<Ask>

    package init(_ store: PostgresStore) {
        self.store = store
        batches = Batches(
            store, on: store.effects, compose: { $0.flatMap(\.calls) },
            conclude: { batch, rows in
                var rest = rows[...]
                for ask in batch {
                    ask.continuation.resume(returning: Array(rest.prefix(ask.calls.count)))
                    rest = rest.dropFirst(ask.calls.count)
                }
                return []
            })
    }

    package func begin(_ effect: EffectName, _ ask: EffectAsk, under claim: HeldClaim?) async throws -> EffectAnswer {
        while true {
            let begin = Call(
                query: .effectBegin, parameters: effect.parameters + Self.parameters(ask, claim) + [.integer(EffectState.intended.rawValue)]
            )
            let rows = try await run(
                effect.event, [Self.hold(effect, claim), begin, Call(query: .effectFind, parameters: effect.parameters)])
            if claim != nil, rows[0].isEmpty { return .lost }
            if !rows[1].isEmpty { return .call(isRepeat: false) }
            // Withdrawn in between: it is asked for once more.
            guard let found = rows[2].first else { continue }
            return EffectTable.begin(found.effect, ask, fence: claim?.fence, now: found.asked).answer
        }
    }

    package func finish(_ effect: EffectName, _ ask: EffectAsk, value: EffectRecord?, under claim: HeldClaim?) async throws -> Bool {
        let finish = Call(
            query: .effectFinish,
            parameters: effect.parameters + Self.parameters(ask, claim) + [.integer(EffectState.finished.rawValue)]
                + (value?.parameters ?? [.null, .null]))
        let rows = try await run(effect.event, [Self.hold(effect, claim), finish])
        return claim == nil || !rows[0].isEmpty
    }

    package func withdraw(_ effect: EffectName, run number: Int64, under claim: HeldClaim) async throws -> Bool {
        let withdraw = Call(
            query: .effectWithdraw,
            parameters: effect.parameters + [.integer(EffectState.intended.rawValue), .integer(number), .integer(claim.fence)])
        return try await !run(effect.event, [Self.hold(effect, claim), withdraw])[0].isEmpty
    }

    private func run(_ key: LedgerKey, _ calls: [Call]) async throws -> [Rows] {
        try await withCheckedThrowingContinuation { batches.put(Ask(key: key, calls: calls, continuation: $0)) }
    }

    private static func hold(_ effect: EffectName, _ claim: HeldClaim?) -> Call {
        Query.effectClaim(.key(claim?.key ?? effect.event), claim.map { .integer($0.fence) } ?? .null)
    }

    /// From the fourth on.
    private static func parameters(_ ask: EffectAsk, _ claim: HeldClaim?) -> [Parameter] {
        [
            .bytes(ask.argument), .text(ask.rule.name), .flag(ask.isSecret), claim.map { .integer($0.fence) } ?? .null,
            .integer(ask.run),
        ]
    }
}

extension PostgresEffects: EffectInspection {
    package func effects(of event: LedgerKey) async throws -> [EffectEntry] {
        try await store.ask(Query.effectList(.key(event))).map { row in
            EffectEntry(effect: EffectName(event: event, name: row.text(0) ?? "", key: row.text(1) ?? ""), row: row.effect)
        }
    }

    package func resolve(_ effect: EffectName, as verdict: EffectVerdict, recording deed: Deed) async throws -> EffectResolution {
        try await store.transaction { transaction in
            let event = Parameter.keys([effect.event])
            // Nobody claims, marks or takes it over before the commit: where there is no claim, the place is taken, by nobody's session.
            let rows = try await transaction.ask([
                Query.hold(event, .integers([0]), .integer(0)), Query.lockClaims(event), Query.effectRunning(.key(effect.event)),
                Call(query: .effectLock, parameters: effect.parameters), Query.now(),
            ])
            guard !rows[1].isEmpty else { throw PostgresFailure(.refused("40001"), "the event ended at this moment") }
            let now = rows[4].first?.time(0) ?? Timestamp(microseconds: 0)
            let decision = EffectTable.resolve(rows[3].first?.effect, as: verdict, isRunning: !rows[2].isEmpty, now: now)
            var changes: [Call] =
                switch decision.change {
                case .none: []
                case .remove: [Call(query: .effectDrop, parameters: effect.parameters)]
                case .write(let row):
                    [
                        Call(
                            query: .effectResolve,
                            parameters: effect.parameters + [.integer(row.state.rawValue)] + (row.value?.parameters ?? [.null, .null]))
                    ]
                }
            if !changes.isEmpty { changes.append(PostgresLedger.addDeed(deed)) }
            _ = try await transaction.finish(changes + [Query.letGo(event)])
            return decision.answer
        }
    }
}

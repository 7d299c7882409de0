// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime

/// Effects lie beside the claims that they are written under, so that one lock keeps both.
extension MemoryLedger: Effects {
    package func begin(_ effect: EffectName, _ ask: EffectAsk, under claim: HeldClaim?) async throws -> EffectAnswer {
        try write(under: claim, instead: .lost) { $0.shelf.begin(effect, ask, fence: claim?.fence, now: clock.now) }
    }

    package func finish(_ effect: EffectName, _ ask: EffectAsk, value: EffectRecord?, under claim: HeldClaim?) async throws -> Bool {
        try write(under: claim, instead: false) { state in
            state.shelf.finish(effect, ask, value: value, fence: claim?.fence, now: clock.now)
            return true
        }
    }

    package func withdraw(_ effect: EffectName, run: Int64, under claim: HeldClaim) async throws -> Bool {
        try write(under: claim, instead: false) { state in
            state.shelf.withdraw(effect, run: run)
            return true
        }
    }

    private func write<Value>(under claim: HeldClaim?, instead: Value, _ body: (inout State) -> Value) throws -> Value {
        try change { state in
            if let claim, !state.holds(claim) { return instead }
            return body(&state)
        }
    }
}

extension MemoryLedger: EffectInspection {
    package func effects(of event: LedgerKey) async throws -> [EffectEntry] {
        try change { $0.shelf.entries(of: event) }
    }

    package func resolve(_ effect: EffectName, as verdict: EffectVerdict, recording deed: Deed) async throws -> EffectResolution {
        let now = clock.now
        return try change { state in
            let answer = state.shelf.resolve(effect, as: verdict, isRunning: state.isRunning(effect.event, at: now), now: now)
            if answer == .resolved { state.deeds.append(deed) }
            return answer
        }
    }
}

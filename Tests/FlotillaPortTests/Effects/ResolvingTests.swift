// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import Testing

/// What a person says of an effect that nobody knows the end of.
struct ResolvingTests {
    private static let deed = Deed(at: Timestamp(milliseconds: 5000), who: "ada@host", what: "said so")

    /// An event whose effect may have happened, and that is dead now.
    private static func unknown(_ adapter: Adapter, _ body: (Holder, HeldClaim) async throws -> Void) async throws {
        try await adapter.harness { harness in
            let holder = try await harness.open()
            let claim = HeldClaim(key: try key("1"), fence: try await holder.ledger.claimed(key("1")))
            _ = try await holder.effects.begin(effect(), ask(run: 1), under: claim)
            try await body(holder, claim)
        }
    }

    private static func bury(_ claim: HeldClaim, _ holder: Holder) async throws {
        #expect(try await holder.ledger.mark(claim.key, fence: claim.fence, as: .dead))
    }

    private static func replayed(_ holder: Holder) async throws -> HeldClaim {
        HeldClaim(key: try key("1"), fence: try await holder.ledger.claimed(key("1"), generation: 1))
    }

    @Test(arguments: Adapter.ledgers)
    func `said to have happened, it is recorded with the value that was given`(_ adapter: Adapter) async throws {
        let values: [EffectRecord?] = [.plain(Array("r-1".utf8)), .sealed(SealedSecret(key: "k1", bytes: [1, 0])), nil]
        for value in values {
            try await Self.unknown(adapter) { holder, claim in
                try await Self.bury(claim, holder)
                #expect(try await holder.effects.resolve(effect(), as: .happened(value), recording: Self.deed) == .resolved)
                let row = try #require(try await holder.effects.effects(of: claim.key).first?.row)
                #expect(row.state == .resolved)
                let next = try await Self.replayed(holder)
                let needsValue = value != nil
                #expect(try await holder.effects.begin(effect(), ask(needsValue: needsValue, run: 2), under: next) == .recorded(value))
            }
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `said to be done again, it is called by the next run`(_ adapter: Adapter) async throws {
        try await Self.unknown(adapter) { holder, claim in
            try await Self.bury(claim, holder)
            #expect(try await holder.effects.resolve(effect(), as: .redo, recording: Self.deed) == .resolved)
            #expect(try await holder.effects.effects(of: claim.key).isEmpty)
            let next = try await Self.replayed(holder)
            #expect(try await holder.effects.begin(effect(), ask(run: 2), under: next) == .call(isRepeat: false))
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `nobody decides about an event that runs, an effect that is not there, or one that has ended`(_ adapter: Adapter) async throws {
        try await Self.unknown(adapter) { holder, claim in
            for verdict in [EffectVerdict.happened(nil), .redo] {
                #expect(try await holder.effects.resolve(effect(), as: verdict, recording: Self.deed) == .running)
                #expect(try await holder.effects.resolve(effect("other"), as: verdict, recording: Self.deed) == .missing)
                #expect(try await holder.effects.resolve(effect(of: "2"), as: verdict, recording: Self.deed) == .missing)
            }
            #expect(try await holder.effects.finish(effect(), ask(run: 1), value: .plain([1]), under: claim))
            try await Self.bury(claim, holder)
            for verdict in [EffectVerdict.happened(.plain([2])), .happened(nil), .redo] {
                #expect(try await holder.effects.resolve(effect(), as: verdict, recording: Self.deed) == .settled)
            }
            #expect(try await holder.effects.effects(of: claim.key).map(\.row.value) == [.plain([1])])
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `a value that was not kept can be given afterwards, and a slip in it mended`(_ adapter: Adapter) async throws {
        try await Self.unknown(adapter) { holder, claim in
            #expect(try await holder.effects.finish(effect(), ask(run: 1), value: nil, under: claim))
            try await Self.bury(claim, holder)
            #expect(try await holder.effects.resolve(effect(), as: .redo, recording: Self.deed) == .settled)
            #expect(try await holder.effects.resolve(effect(), as: .happened(nil), recording: Self.deed) == .settled)
            #expect(try await holder.effects.resolve(effect(), as: .happened(.plain([3])), recording: Self.deed) == .resolved)
            #expect(try await holder.effects.resolve(effect(), as: .happened(.plain([4])), recording: Self.deed) == .resolved)
            #expect(try await holder.effects.resolve(effect(), as: .happened(nil), recording: Self.deed) == .settled)
            #expect(try await holder.effects.resolve(effect(), as: .redo, recording: Self.deed) == .settled)
            #expect(try await holder.effects.effects(of: claim.key).map(\.row.value) == [.plain([4])])
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `the deed is recorded with the change, and not without it`(_ adapter: Adapter) async throws {
        try await Self.unknown(adapter) { holder, claim in
            let inspection = try #require(holder.ledger as? any LedgerInspection)
            #expect(try await holder.effects.resolve(effect("other"), as: .redo, recording: Self.deed) == .missing)
            #expect(try await inspection.deeds(limit: 10).isEmpty)
            try await Self.bury(claim, holder)
            #expect(try await holder.effects.resolve(effect(), as: .redo, recording: Self.deed) == .resolved)
            #expect(try await inspection.deeds(limit: 10) == [Self.deed])
        }
    }
}

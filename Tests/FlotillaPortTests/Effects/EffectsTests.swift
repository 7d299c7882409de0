// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import Testing

/// What a run asks, in short.
func ask(
    _ rule: EffectRule = .atMostOnce, argument: UInt8 = 1, needsValue: Bool = true, secret: Bool = false, run: Int64
) -> EffectAsk {
    EffectAsk(rule: rule, argument: [argument, 0, 0xFF], needsValue: needsValue, isSecret: secret, run: run)
}

func effect(_ name: String = "send", of id: String = "1", key text: String = "") throws -> EffectName {
    EffectName(event: try key(id), name: name, key: text)
}

struct EffectsTests {
    /// An event that runs, and the stores that it runs on.
    private static func running(
        _ adapter: Adapter, _ body: (any Effects & EffectInspection, any Ledger, HeldClaim) async throws -> Void
    ) async throws {
        try await adapter.harness { harness in
            let holder = try await harness.open()
            try await body(holder.effects, holder.ledger, HeldClaim(key: key("1"), fence: holder.ledger.claimed(key("1"))))
        }
    }

    /// The claim goes on to the next run of the event.
    private static func again(_ ledger: any Ledger, _ claim: HeldClaim) async throws -> HeldClaim {
        #expect(try await ledger.mark(claim.key, fence: claim.fence, as: .free))
        return HeldClaim(key: claim.key, fence: try await ledger.claimed(claim.key))
    }

    @Test(arguments: Adapter.ledgers)
    func `an effect that has happened is recorded for every later run, whatever its policy`(_ adapter: Adapter) async throws {
        for rule in [EffectRule.atMostOnce, .repeatable, .reconciled, .keyed(window: .zero, then: .atMostOnce)] {
            try await Self.running(adapter) { effects, ledger, claim in
                let send = try effect()
                #expect(try await effects.begin(send, ask(rule, run: 1), under: claim) == .call(isRepeat: false))
                #expect(try await effects.finish(send, ask(rule, run: 1), value: .plain([0, 7, 0xFF]), under: claim))
                let later = try await Self.again(ledger, claim)
                #expect(try await effects.begin(send, ask(rule, run: 2), under: later) == .recorded(.plain([0, 7, 0xFF])))
            }
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `an intent without a result is answered as the policy says`(_ adapter: Adapter) async throws {
        try await Self.running(adapter) { effects, ledger, claim in
            let send = try effect()
            #expect(try await effects.begin(send, ask(run: 1), under: claim) == .call(isRepeat: false))
            // The same run: it had asked before, and the answer was lost on its way.
            #expect(try await effects.begin(send, ask(run: 1), under: claim) == .call(isRepeat: false))
            let later = try await Self.again(ledger, claim)
            let row = try #require(try await effects.effects(of: claim.key).first?.row)
            func answer(_ rule: EffectRule) async throws -> EffectAnswer { try await effects.begin(send, ask(rule, run: 2), under: later) }
            #expect(try await answer(.atMostOnce) == .unknown(since: row.since))
            #expect(try await answer(.repeatable) == .call(isRepeat: true))
            #expect(try await answer(.reconciled) == .reconcile(hasHappened: false))
            #expect(try await answer(.keyed(window: .seconds(3600), then: .atMostOnce)) == .call(isRepeat: true))
            #expect(try await answer(.keyed(window: .zero, then: .atMostOnce)) == .unknown(since: row.since))
            #expect(try await answer(.keyed(window: .zero, then: .reconciled)) == .reconcile(hasHappened: false))
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `another argument is another effect, whatever became of the first`(_ adapter: Adapter) async throws {
        try await Self.running(adapter) { effects, _, claim in
            let send = try effect()
            _ = try await effects.begin(send, ask(run: 1), under: claim)
            #expect(try await effects.begin(send, ask(.repeatable, argument: 2, run: 2), under: claim) == .changed)
            #expect(try await effects.finish(send, ask(run: 1), value: .plain([]), under: claim))
            #expect(try await effects.begin(send, ask(argument: 2, run: 2), under: claim) == .changed)
            #expect(try await effects.begin(send, ask(run: 2), under: claim) == .recorded(.plain([])))
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `effects are told apart by event, name and key`(_ adapter: Adapter) async throws {
        try await Self.running(adapter) { effects, ledger, claim in
            let other = HeldClaim(key: try key("2"), fence: try await ledger.claimed(key("2")))
            let names = [
                (try effect(), claim), (try effect("sen", key: "d"), claim), (try effect(key: "a"), claim), (try effect(key: "é"), claim),
                (try effect(of: "2"), other),
            ]
            for (name, claim) in names {
                #expect(try await effects.begin(name, ask(run: 1), under: claim) == .call(isRepeat: false))
            }
            #expect(try await effects.finish(names[2].0, ask(run: 1), value: .plain([1]), under: claim))
            for (place, (name, claim)) in names.enumerated() {
                let answer = try await effects.begin(name, ask(run: 2), under: claim)
                if place == 2 { #expect(answer == .recorded(.plain([1]))) } else { #expect(answer.isUnknown) }
            }
            #expect(Set(try await effects.effects(of: claim.key).map(\.effect)) == Set(names.prefix(4).map(\.0)))
            #expect(try await effects.effects(of: other.key).map(\.effect) == [names[4].0])
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `what nobody holds any more writes nothing: no intent, no result, nothing taken back`(_ adapter: Adapter) async throws {
        try await Self.running(adapter) { effects, ledger, stale in
            let send = try effect()
            let unheld = HeldClaim(key: try key("never"), fence: 1)
            #expect(try await effects.begin(effect(of: "never"), ask(run: 1), under: unheld) == .lost)
            #expect(try await effects.effects(of: unheld.key).isEmpty)
            #expect(try await effects.begin(send, ask(run: 1), under: stale) == .call(isRepeat: false))
            let claim = try await Self.again(ledger, stale)
            let before = try await effects.effects(of: claim.key)
            #expect(try await effects.begin(effect("other"), ask(run: 1), under: stale) == .lost)
            #expect(try await effects.finish(send, ask(run: 1), value: .plain([9]), under: stale) == false)
            #expect(try await effects.withdraw(send, run: 1, under: stale) == false)
            #expect(try await effects.effects(of: claim.key) == before)
            #expect(try await effects.finish(send, ask(.repeatable, run: 2), value: .plain([1]), under: claim))
            #expect(try await ledger.mark(claim.key, fence: claim.fence, as: .done))
            // Marked: the run is over, and what its handler still does is not recorded.
            #expect(try await effects.finish(send, ask(run: 2), value: .plain([2]), under: claim) == false)
            #expect(try await effects.effects(of: claim.key).map(\.row.value) == [.plain([1])])
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `an intent is taken back by the run that wrote it, and by no other`(_ adapter: Adapter) async throws {
        try await Self.running(adapter) { effects, ledger, claim in
            let send = try effect()
            _ = try await effects.begin(send, ask(run: 1), under: claim)
            #expect(try await effects.withdraw(send, run: 2, under: claim))
            #expect(try await effects.begin(send, ask(run: 2), under: claim).isUnknown)
            #expect(try await effects.withdraw(send, run: 1, under: claim))
            #expect(try await effects.withdraw(send, run: 1, under: claim))
            #expect(try await effects.effects(of: claim.key).isEmpty)
            #expect(try await effects.begin(send, ask(run: 2), under: claim) == .call(isRepeat: false))
            #expect(try await effects.finish(send, ask(run: 2), value: nil, under: claim))
            #expect(try await effects.withdraw(send, run: 2, under: claim))
            #expect(try await effects.effects(of: claim.key).count == 1)
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `a value that was not kept is had again where the policy allows`(_ adapter: Adapter) async throws {
        try await Self.running(adapter) { effects, _, claim in
            let send = try effect()
            _ = try await effects.begin(send, ask(run: 1), under: claim)
            #expect(try await effects.finish(send, ask(run: 1), value: nil, under: claim))
            func answer(_ rule: EffectRule, needsValue: Bool = true) async throws -> EffectAnswer {
                try await effects.begin(send, ask(rule, needsValue: needsValue, run: 2), under: claim)
            }
            #expect(try await answer(.atMostOnce, needsValue: false) == .recorded(nil))
            #expect(try await answer(.atMostOnce) == .valueLost)
            #expect(try await answer(.repeatable) == .call(isRepeat: true))
            #expect(try await answer(.reconciled) == .reconcile(hasHappened: true))
            #expect(try await answer(.keyed(window: .seconds(3600), then: .atMostOnce)) == .call(isRepeat: true))
            #expect(try await answer(.keyed(window: .zero, then: .atMostOnce)) == .valueLost)
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `values come back byte for byte, sealed ones with their key, the largest too`(_ adapter: Adapter) async throws {
        let large = [UInt8](repeating: 0xAB, count: EffectTable.valueLimit)
        let values: [EffectRecord] = [
            .plain([]), .plain([0]), .plain(Array("déjà\0vu".utf8)), .plain(large), .sealed(SealedSecret(key: "k1", bytes: large + [1])),
            .sealed(SealedSecret(key: "k 2", bytes: [])),
        ]
        try await Self.running(adapter) { effects, _, claim in
            for (place, value) in values.enumerated() {
                let name = try effect("e\(place)")
                _ = try await effects.begin(name, ask(run: 1), under: claim)
                #expect(try await effects.finish(name, ask(secret: true, run: 1), value: value, under: claim))
                #expect(try await effects.begin(name, ask(run: 2), under: claim) == .recorded(value))
            }
            #expect(try await effects.effects(of: claim.key).map(\.row.isSecret) == values.map { _ in true })
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `without a claim nothing is checked`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let effects = try await harness.open().effects
            let send = try effect()
            #expect(try await effects.begin(send, ask(.repeatable, run: 1), under: nil) == .call(isRepeat: false))
            #expect(try await effects.begin(send, ask(.repeatable, run: 2), under: nil) == .call(isRepeat: true))
            #expect(try await effects.finish(send, ask(.repeatable, run: 2), value: .plain([2]), under: nil))
            #expect(try await effects.finish(send, ask(.repeatable, run: 1), value: .plain([1]), under: nil))
            #expect(try await effects.begin(send, ask(.repeatable, run: 3), under: nil) == .recorded(.plain([1])))
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `an intent outlives the process that wrote it, and is seen by the one that takes over`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let gone = try await harness.open()
            let claim = HeldClaim(key: try key("1"), fence: try await gone.ledger.claimed(key("1")))
            #expect(try await gone.effects.begin(effect(), ask(run: 1), under: claim) == .call(isRepeat: false))
            #expect(try await gone.effects.begin(effect("done"), ask(run: 1), under: claim) == .call(isRepeat: false))
            #expect(try await gone.effects.finish(effect("done"), ask(run: 1), value: .plain([5]), under: claim))
            await gone.vanish()
            let next = try await harness.open()
            #expect(try await next.ledger.takeOver(claim.key) == .alone(crashes: 1))
            let taken = HeldClaim(key: claim.key, fence: try await next.ledger.claimed(claim.key, alone: true))
            #expect(try await next.effects.begin(effect(), ask(run: 2), under: taken).isUnknown)
            #expect(try await next.effects.begin(effect("done"), ask(run: 2), under: taken) == .recorded(.plain([5])))
            #expect(try await next.effects.begin(effect("new"), ask(run: 2), under: claim) == .lost)
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `of many runs that begin one effect at once, one calls`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let holders = [try await harness.open(), try await harness.open()]
            for round in 0..<10 {
                let id = "\(round)"
                let claim = HeldClaim(key: try key(id), fence: try await holders[0].ledger.claimed(key(id)))
                let answers = try await withThrowingTaskGroup(of: EffectAnswer.self) { group in
                    for number in 0..<20 {
                        let effects = holders[number % 2].effects
                        group.addTask { try await effects.begin(effect(of: id), ask(run: Int64(number)), under: claim) }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(answers.count { $0 == .call(isRepeat: false) } == 1)
                #expect(answers.count(where: \.isUnknown) == 19)
            }
        }
    }
}

extension EffectAnswer {
    var isUnknown: Bool { if case .unknown = self { true } else { false } }
}

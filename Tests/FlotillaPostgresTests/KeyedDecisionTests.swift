// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import Testing

@testable import FlotillaPostgres

/// What becomes of a key's two tables: what `LedgerTable` says, and no claim left behind that nobody holds.
struct KeyedDecisionTests {
    private static let later = Timestamp(milliseconds: 9_000_000)

    private static func claim(round: Int = 1, alone: Bool = false) -> KeyedAsk.What { .claim(round: round, generation: 0, alone: alone) }

    private static func row(_ state: LedgerState, crashes: Int = 0) -> LedgerRow {
        LedgerRow(state: state, round: 1, generation: 0, crashes: crashes, fence: 4)
    }

    @Test func `a free key is claimed in the place that was taken for it`() {
        let decision = KeyedDecision(Self.claim(), KeyedRow())
        #expect(decision.answer == .run(fence: 1) && decision.write?.state == .claimed && !decision.endsClaim)
    }

    @Test(arguments: [LedgerState.done, .dead, .parked, .discarded])
    func `of a key that has ended the place is let go again`(_ state: LedgerState) {
        let decision = KeyedDecision(Self.claim(), KeyedRow(row: Self.row(state)))
        #expect(decision.answer == .duplicate(state) && decision.write == nil && decision.endsClaim)
    }

    @Test func `a claim that somebody holds stays as it is`() {
        let decision = KeyedDecision(Self.claim(), KeyedRow(row: Self.row(.claimed), heldUntil: Self.later))
        #expect(decision.answer == .busy(until: Self.later) && decision.write == nil && !decision.endsClaim)
    }

    @Test func `a claim whose holder is gone counts a crash, and waits as free to run alone`() {
        let decision = KeyedDecision(Self.claim(), KeyedRow(row: Self.row(.claimed)))
        #expect(decision.answer == .alone(crashes: 1) && decision.write?.state == .free && decision.endsClaim)
    }

    @Test func `a claim whose answer was lost goes to whoever asks in its process, and is no crash`() {
        let decision = KeyedDecision(Self.claim(), KeyedRow(row: Self.row(.claimed), isStray: true))
        #expect(decision.answer == .run(fence: 5) && decision.write?.crashes == 0 && !decision.endsClaim)
    }

    @Test func `a claim whose answer was lost is freed where it may not run now`() {
        let decision = KeyedDecision(Self.claim(), KeyedRow(row: Self.row(.claimed, crashes: 1), isStray: true))
        #expect(decision.answer == .alone(crashes: 1) && decision.write?.state == .free && decision.endsClaim)
    }

    @Test(arguments: [KeyedAsk.What.done(generation: 0), .discard(generation: 0)])
    func `what is done or discarded takes a claim away`(_ what: KeyedAsk.What) {
        let decision = KeyedDecision(what, KeyedRow(row: Self.row(.claimed), heldUntil: Self.later))
        #expect(decision.answer == nil && decision.write?.fence == 5 && decision.endsClaim)
    }

    @Test func `a discard of an older life writes nothing, and lets a claim be`() {
        var row = Self.row(.claimed)
        row.generation = 1
        let decision = KeyedDecision(.discard(generation: 0), KeyedRow(row: row, heldUntil: Self.later))
        #expect(decision.write == nil && !decision.endsClaim)
    }

    @Test(arguments: [KeyedAsk.What.claim(round: 1, generation: 0, alone: false), .done(generation: 0), .discard(generation: 0)])
    func `of several rows all but the newest go, before anything is written`(_ what: KeyedAsk.What) throws {
        let key = try LedgerKey(consumer: "worker", source: "/hooks/x", id: "1")
        var found = KeyedRow(row: Self.row(.retrying))
        #expect(!KeyedDecision(what, found).calls(key, found, session: 1).contains { $0.query.name == Query.dropOlder.name })
        found.newest = 4
        #expect(KeyedDecision(what, found).calls(key, found, session: 1).first?.query.name == Query.dropOlder.name)
    }
}

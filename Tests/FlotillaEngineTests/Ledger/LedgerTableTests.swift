// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import Testing

/// A row, a claim, and what comes of it.
struct ClaimCase: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var row: LedgerRow?
    var isHeld = false
    var round = 1
    var generation = 0
    var alone = false
    var answer: ClaimAnswer
    var write: LedgerRow?

    static let until = Timestamp(milliseconds: 5000)

    init(
        _ name: String, _ row: LedgerRow?, held isHeld: Bool = false, round: Int = 1, generation: Int = 0, alone: Bool = false,
        _ answer: ClaimAnswer, writes write: LedgerRow? = nil
    ) {
        testDescription = name
        self.row = row
        self.isHeld = isHeld
        self.round = round
        self.generation = generation
        self.alone = alone
        self.answer = answer
        self.write = write
    }

    private static func row(_ state: LedgerState, round: Int = 1, generation: Int = 0, crashes: Int = 0, fence: Int64 = 5) -> LedgerRow {
        LedgerRow(state: state, round: round, generation: generation, crashes: crashes, fence: fence)
    }

    static let fresh: [ClaimCase] = [
        ClaimCase("nothing is known", nil, .run(fence: 1), writes: row(.claimed, fence: 1)),
        ClaimCase("a later round, the row forgotten", nil, round: 4, .run(fence: 1), writes: row(.claimed, round: 4, fence: 1)),
        ClaimCase("a replay, the row forgotten", nil, generation: 2, .run(fence: 1), writes: row(.claimed, generation: 2, fence: 1)),
        ClaimCase("given back", row(.free), .run(fence: 6), writes: row(.claimed, fence: 6)),
        ClaimCase(
            "a retry that is due", row(.retrying, round: 2), round: 2, .run(fence: 6), writes: row(.claimed, round: 2, fence: 6)),
        ClaimCase(
            "a retry further on than the row", row(.retrying, round: 2), round: 3, .run(fence: 6),
            writes: row(.claimed, round: 3, fence: 6)),
        ClaimCase("an older copy than the retry", row(.retrying, round: 2), round: 1, .superseded),
        ClaimCase("an older copy than what was given back", row(.free, round: 3), round: 2, .superseded),
    ]

    static let ended: [ClaimCase] = [LedgerState.done, .dead, .parked, .discarded].flatMap { state in
        [
            ClaimCase("again, \(state.name)", row(state), .duplicate(state)),
            ClaimCase("a later round, \(state.name)", row(state), round: 9, .duplicate(state)),
            ClaimCase("an older round, \(state.name)", row(state, round: 9), .duplicate(state)),
            ClaimCase("alone, \(state.name)", row(state, crashes: 2), alone: true, .duplicate(state)),
            ClaimCase(
                "a replay, \(state.name)", row(state, round: 7, crashes: 2), generation: 1, .run(fence: 6),
                writes: row(.claimed, generation: 1, fence: 6)),
            ClaimCase("an older generation, \(state.name)", row(state, generation: 2), round: 9, generation: 1, .superseded),
        ]
    }

    static let held: [ClaimCase] = [
        ClaimCase("somebody runs it", row(.claimed), held: true, .busy(until: until)),
        ClaimCase("somebody runs it, alone", row(.claimed), held: true, alone: true, .busy(until: until)),
        ClaimCase("a retry whose release is on the way", row(.claimed), held: true, round: 2, .busy(until: until)),
        ClaimCase("an older copy, while a later one runs", row(.claimed, round: 2), held: true, .superseded),
        ClaimCase("a replay, while it runs", row(.claimed, round: 3), held: true, generation: 1, .busy(until: until)),
        ClaimCase("an older generation, while it runs", row(.claimed, generation: 1), held: true, round: 9, .superseded),
    ]

    static let vanished: [ClaimCase] = [
        ClaimCase("the first crash", row(.claimed), .alone(crashes: 1), writes: row(.free, crashes: 1, fence: 6)),
        ClaimCase(
            "the first crash, alone already", row(.claimed), alone: true, .run(fence: 6), writes: row(.claimed, crashes: 1, fence: 6)),
        ClaimCase("a suspect", row(.free, crashes: 1), .alone(crashes: 1)),
        ClaimCase("a suspect, alone", row(.free, crashes: 1), alone: true, .run(fence: 6), writes: row(.claimed, crashes: 1, fence: 6)),
        ClaimCase("a suspect's retry", row(.retrying, round: 2, crashes: 2), round: 2, .alone(crashes: 2)),
        ClaimCase("the second crash", row(.claimed, crashes: 1), .alone(crashes: 2), writes: row(.free, crashes: 2, fence: 6)),
        ClaimCase(
            "the third crash", row(.claimed, crashes: 2), .crashed(fence: 6, crashes: 3), writes: row(.claimed, crashes: 3, fence: 6)),
        ClaimCase(
            "the third crash, alone", row(.claimed, crashes: 2), alone: true, .crashed(fence: 6, crashes: 3),
            writes: row(.claimed, crashes: 3, fence: 6)),
        ClaimCase(
            "crashed once more, while it was made a dead letter", row(.claimed, crashes: 3), .crashed(fence: 6, crashes: 4),
            writes: row(.claimed, crashes: 4, fence: 6)),
        ClaimCase(
            "the retry was confirmed, its release was not", row(.claimed), round: 2, .run(fence: 6),
            writes: row(.claimed, round: 2, fence: 6)),
        ClaimCase("the same, of a suspect", row(.claimed, crashes: 1), round: 2, .alone(crashes: 1)),
        ClaimCase("an older copy of what vanished", row(.claimed, round: 2), .superseded),
        ClaimCase(
            "a replay of what vanished", row(.claimed, crashes: 2), generation: 1, .run(fence: 6),
            writes: row(.claimed, generation: 1, fence: 6)),
        ClaimCase("an older generation than what vanished", row(.claimed, generation: 1), .superseded),
    ]
}

/// A claimed row under fence 5, and a mark.
struct MarkCase: Sendable, CustomTestStringConvertible {
    let mark: LedgerMark
    let state: LedgerState
    var round = 2

    var testDescription: String { "\(mark)" }

    static let table = [
        MarkCase(mark: .done, state: .done), MarkCase(mark: .dead, state: .dead), MarkCase(mark: .parked, state: .parked),
        MarkCase(mark: .free, state: .free), MarkCase(mark: .retrying(next: 3), state: .retrying, round: 3),
        MarkCase(mark: .retrying(next: 2), state: .retrying),
    ]
}

struct LedgerTableTests {
    @Test(arguments: ClaimCase.fresh + ClaimCase.ended + ClaimCase.held + ClaimCase.vanished)
    func `a claim is answered by the row, and changes it only where the answer says so`(_ claim: ClaimCase) {
        let (answer, write) = LedgerTable.claim(
            claim.row, round: claim.round, generation: claim.generation, alone: claim.alone,
            heldUntil: claim.isHeld ? ClaimCase.until : nil)
        #expect(answer == claim.answer)
        #expect(write == claim.write)
    }

    @Test(arguments: MarkCase.table)
    func `a mark under the claim's fence is written; everything else of the row stays`(_ row: MarkCase) {
        let held = LedgerRow(state: .claimed, round: 2, generation: 3, crashes: 1, fence: 5)
        let marked = LedgerTable.mark(held, fence: 5, as: row.mark)
        #expect(marked == LedgerRow(state: row.state, round: row.round, generation: 3, crashes: 1, fence: 5))
    }

    @Test(arguments: MarkCase.table)
    func `a mark is refused without a row, under another fence, and when the claim has ended`(_ row: MarkCase) {
        #expect(LedgerTable.mark(nil, fence: 5, as: row.mark) == nil)
        for fence: Int64 in [0, 4, 6, .max] {
            #expect(LedgerTable.mark(LedgerRow(state: .claimed, round: 2, generation: 3, fence: 5), fence: fence, as: row.mark) == nil)
        }
        for state in LedgerState.allCases where state != .claimed {
            #expect(LedgerTable.mark(LedgerRow(state: state, round: 2, generation: 3, fence: 5), fence: 5, as: row.mark) == nil)
        }
    }

    @Test(arguments: LedgerState.allCases)
    func `done without a claim, and discarded by a person, take the fence from whoever holds it`(_ state: LedgerState) {
        let row = LedgerRow(state: state, round: 2, generation: 3, crashes: 1, fence: 5)
        #expect(LedgerTable.markDone(row, generation: 1) == LedgerRow(state: .done, round: 2, generation: 3, crashes: 1, fence: 6))
        #expect(LedgerTable.discard(row, generation: 4) == LedgerRow(state: .discarded, round: 2, generation: 4, crashes: 1, fence: 6))
        #expect(LedgerTable.mark(LedgerTable.discard(row, generation: 4), fence: 5, as: .done) == nil)
    }

    @Test func `a discard of an older life does not end a newer one`() {
        let row = LedgerRow(state: .claimed, round: 2, generation: 3, fence: 5)
        #expect(LedgerTable.discard(row, generation: 2) == nil)
        #expect(LedgerTable.discard(row, generation: 3)?.state == .discarded)
    }

    @Test func `without a row both begin one`() {
        #expect(LedgerTable.markDone(nil, generation: 2) == LedgerRow(state: .done, round: 1, generation: 2, fence: 1))
        #expect(LedgerTable.discard(nil, generation: 2) == LedgerRow(state: .discarded, round: 1, generation: 2, fence: 1))
    }
}

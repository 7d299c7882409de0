// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import Testing

struct ParkTableTests {
    private static let table: [(LedgerState, ParkVerdict)] = [
        (.parked, .resume), (.claimed, .stay), (.free, .drop), (.retrying, .drop), (.done, .drop), (.dead, .drop), (.discarded, .drop),
    ]

    @Test(arguments: table)
    func `a letter goes on only if its event is parked in the letter's own generation`(_ state: LedgerState, _ verdict: ParkVerdict) {
        #expect(Self.table.count == LedgerState.allCases.count)
        #expect(ParkTable.verdict(LedgerRow(state: state, round: 1, generation: 3, fence: 1), generation: 3) == verdict)
        // A newer life is under way or over.
        #expect(ParkTable.verdict(LedgerRow(state: state, round: 1, generation: 4, fence: 1), generation: 3) == .drop)
        // The row is older than the letter.
        #expect(ParkTable.verdict(LedgerRow(state: state, round: 1, generation: 2, fence: 1), generation: 3) == .resume)
    }

    @Test func `an event that the ledger knows nothing of goes on`() {
        #expect(ParkTable.verdict(nil, generation: 0) == .resume)
    }

    @Test func `a resumed event has the next generation, the same attempt, and an age without its time in the park`() throws {
        var passage = Passage(attempt: 3, generation: 2)
        passage.deferrals = 4
        passage.blame(Failure(.unauthorized(connection: "c"), "no consent"), in: "q", now: Timestamp(milliseconds: 1000))
        let letter = Letter(
            queue: "q.parked", content: .success(try event("1")), passage: passage, accepted: nil, kept: Timestamp(milliseconds: 5000),
            tag: 1)
        let next = letter.resumed(at: Timestamp(milliseconds: 65_000))
        #expect(next.attempt == 3 && next.deferrals == 4 && next.generation == 3 && next.replayedFrom == "q.parked")
        #expect(next.firstFailedAt == Timestamp(milliseconds: 61_000))
        #expect(next.connection == nil && next.reason == nil)
        // A clock that is behind that of whoever parked it makes nothing younger.
        #expect(letter.resumed(at: Timestamp(milliseconds: 0)).firstFailedAt == Timestamp(milliseconds: 1000))
    }
}

struct ConnectionNameTests {
    @Test func `a plain name stays as it is, and what is anything else becomes plain, and stays apart`() {
        for name in ["c", "a b", "crm:42", String(repeating: "x", count: 200)] { #expect(ConnectionName.plain(name) == name) }
        let odd = [
            "a\nb", "a b\n", "a\rb", "caf\u{E9}", "cafe\u{301}", String(repeating: "x", count: 201), String(repeating: "x", count: 202),
        ]
        let plain = odd.compactMap { ConnectionName.plain($0) }
        #expect(Set(plain).count == odd.count)
        for name in plain {
            #expect(name.utf8.count <= ConnectionName.limit && name.utf8.allSatisfy { (0x20...0x7E).contains($0) })
            #expect(ConnectionName.plain(name) == name)
        }
        #expect(ConnectionName.plain("") == nil && ConnectionName.plain(nil) == nil)
    }
}

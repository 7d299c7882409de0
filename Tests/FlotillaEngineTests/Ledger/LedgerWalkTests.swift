// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import TestSupport
import Testing

/// One event's row under a crowd of workers that claim, mark, vanish and come back late, in random order.
private struct LedgerWalk {
    struct Run {
        let fence: Int64
        let round: Int
        let generation: Int
    }

    var random: Seeded
    var row: LedgerRow?
    /// Who believes to hold the claim; only the newest may be right.
    var runs: [Run] = []
    /// False once the holder of the newest claim has vanished.
    var isHeld = false
    var terminal: (state: LedgerState, generation: Int)?

    static let until = Timestamp(milliseconds: 1)

    mutating func step() throws {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5: try claim()
        case 5..<8: try mark()
        case 8: isHeld = false
        default: try personOrRepeatable()
        }
    }

    private mutating func claim() throws {
        let round = Int.random(in: 1...4, using: &random)
        let generation = Int.random(in: 0...2, using: &random)
        let alone = Bool.random(using: &random)
        let before = row
        let (answer, write) = LedgerTable.claim(
            row, round: round, generation: generation, alone: alone, heldUntil: row?.state == .claimed && isHeld ? Self.until : nil)
        if let write {
            // Fences only grow, and a row never goes back to an older generation or, within one, to an older round.
            try #require(write.fence > (before?.fence ?? 0))
            try #require(write.generation >= (before?.generation ?? 0))
            if let before, write.generation == before.generation { try #require(write.round >= before.round) }
            row = write
        }
        switch answer {
        case .run(let fence), .crashed(let fence, _):
            // Nobody gets a claim beside a live one.
            try #require(!(before?.state == .claimed && isHeld))
            // After a terminal state nothing runs without a newer generation.
            if let terminal { try #require(generation > terminal.generation) }
            try #require(row?.state == .claimed && row?.fence == fence)
            terminal = nil
            isHeld = true
            runs.append(Run(fence: fence, round: round, generation: generation))
        case .duplicate(let state):
            try #require(terminal?.state == state)
            try #require(write == nil)
        case .superseded, .busy:
            try #require(write == nil)
        case .alone(let crashes):
            try #require(!alone && crashes < LedgerTable.crashLimit)
        }
    }

    private mutating func mark() throws {
        guard let run = runs.randomElement(using: &random) else { return }
        let marks: [LedgerMark] = [.done, .dead, .parked, .free, .retrying(next: run.round), .retrying(next: run.round + 1)]
        let mark = marks.randomElement(using: &random) ?? .done
        let marked = LedgerTable.mark(row, fence: run.fence, as: mark)
        let isNewest = row?.state == .claimed && row?.fence == run.fence
        // A stale fence never writes; the newest one always does, even after its lease, as long as nobody took over.
        try #require((marked != nil) == isNewest)
        guard let marked else { return }
        row = marked
        isHeld = false
        switch marked.state {
        case .done, .dead, .parked: terminal = (marked.state, marked.generation)
        default: break
        }
    }

    private mutating func personOrRepeatable() throws {
        // Rarely: otherwise every walk would end at once.
        guard Int.random(in: 0..<10, using: &random) == 0 else { return }
        let generation = Int.random(in: 0...2, using: &random)
        let after: LedgerRow? =
            Bool.random(using: &random)
            ? LedgerTable.markDone(row, generation: generation) : LedgerTable.discard(row, generation: generation)
        // A person who discards an older life than the present one ends nothing.
        guard let after else { return try #require(generation < (row?.generation ?? 0)) }
        try #require(after.fence > (row?.fence ?? 0) && after.generation >= (row?.generation ?? 0))
        row = after
        isHeld = false
        terminal = (after.state, after.generation)
    }
}

struct LedgerWalkTests {
    @Test(arguments: 0..<20)
    func `one event never runs under two live fences, and never after its end without a newer generation`(_ seed: UInt64) throws {
        for walk in 0..<200 as Range<UInt64> {
            var walk = LedgerWalk(random: Seeded(seed * 1000 + walk))
            for _ in 0..<60 { try walk.step() }
        }
    }

    @Test func `whoever vanishes three times over an event makes it crashed, whatever else happens`() {
        var row: LedgerRow?
        var seen: [ClaimAnswer] = []
        for _ in 0..<8 {
            let (answer, write) = LedgerTable.claim(row, round: 1, generation: 0, alone: false, heldUntil: nil)
            row = write ?? row
            seen.append(answer)
            if case .alone = answer {
                let (again, write) = LedgerTable.claim(row, round: 1, generation: 0, alone: true, heldUntil: nil)
                row = write ?? row
                seen.append(again)
            }
            if case .crashed = answer { break }
        }
        #expect(
            seen == [
                .run(fence: 1), .alone(crashes: 1), .run(fence: 3), .alone(crashes: 2), .run(fence: 5), .crashed(fence: 6, crashes: 3),
            ])
    }
}

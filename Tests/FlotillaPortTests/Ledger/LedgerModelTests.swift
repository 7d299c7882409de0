// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import TestSupport
import Testing

/// Random claims and marks, one after the other for each event and many events at once: an adapter answers as the pure table does.
struct LedgerModelTests {
    @Test(arguments: Adapter.ledgers)
    func `an adapter answers as the table does, whatever is asked in whatever order`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let ledgers = [try await harness.open().ledger, try await harness.open().ledger]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<24 {
                    group.addTask { try await Self.walk(ledgers, key("\(number)"), seed: UInt64(number)) }
                }
                try await group.waitForAll()
            }
        }
    }

    private static func walk(_ ledgers: [any Ledger], _ key: LedgerKey, seed: UInt64) async throws {
        var random = Seeded(seed)
        var row: LedgerRow?
        var fences: [Int64] = [1]
        for _ in 0..<60 {
            let ledger = ledgers[Int.random(in: 0..<2, using: &random)]
            if Int.random(in: 0..<20, using: &random) == 0 {
                let generation = Int.random(in: 0...2, using: &random)
                try await ledger.markDone(key, generation: generation)
                row = LedgerTable.markDone(row, generation: generation)
            } else if Bool.random(using: &random) {
                let round = Int.random(in: 1...4, using: &random)
                let generation = Int.random(in: 0...2, using: &random)
                let alone = Bool.random(using: &random)
                let answer = try await ledger.claim(key, round: round, generation: generation, alone: alone)
                var until: Timestamp?
                // Nobody vanishes here: whoever claimed holds it.
                if row?.state == .claimed { until = Timestamp(milliseconds: 0) }
                if case .busy(let told) = answer { until = told }
                let expected = LedgerTable.claim(row, round: round, generation: generation, alone: alone, heldUntil: until)
                try #require(answer == expected.answer)
                row = expected.write ?? row
                if case .run(let fence) = answer { fences.append(fence) }
            } else {
                let fence = fences.suffix(3).randomElement(using: &random) ?? 1
                let marks: [LedgerMark] = [.done, .dead, .parked, .free, .retrying(next: Int.random(in: 1...5, using: &random))]
                let mark = marks.randomElement(using: &random) ?? .free
                let expected = LedgerTable.mark(row, fence: fence, as: mark)
                try #require(try await ledger.mark(key, fence: fence, as: mark) == (expected != nil))
                row = expected ?? row
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaSQLite
import Testing

/// A person discards a life of an event that has ended, while a later one runs: see StaleLetterTests for how that comes.
struct StaleDiscardTests {
    /// The discarded generation was raised to that of the row: the claim of the running replay was gone, its mark was refused, and
    /// the retry that it had already confirmed was acknowledged as discarded.
    @Test(arguments: Adapter.ledgers)
    func `discarding an older life of an event leaves the newer one running`(_ adapter: Adapter) async throws {
        try await adapter.ledger { ledger in
            let people = try #require(ledger as? any LedgerInspection)
            let one = try key("1")
            let first = try await ledger.claimed(one)
            #expect(try await ledger.mark(one, fence: first, as: .dead))
            let replayed = try await ledger.claimed(one, generation: 1)
            let before = try await people.entry(for: one)

            try await people.discard(one, generation: 0)
            #expect(try await people.entry(for: one) == before)
            #expect(try await ledger.lost(among: [HeldClaim(key: one, fence: replayed)]).isEmpty)
            #expect(try await ledger.mark(one, fence: replayed, as: .retrying(next: 2)))
            let retried = try await ledger.claimed(one, round: 2, generation: 1)
            #expect(try await ledger.mark(one, fence: retried, as: .done))
            #expect(try await people.entry(for: one)?.row.state == .done)
        }
    }

    @Test(arguments: LedgerState.allCases)
    func `the table discards nothing of a newer generation, and the same or an older one in any state`(_ state: LedgerState) {
        let row = LedgerRow(state: state, round: 2, generation: 3, crashes: 1, fence: 7)
        for older in [0, 2] {
            let after: LedgerRow? = LedgerTable.discard(row, generation: older)
            #expect(after == nil)
        }
        for generation in [3, 4] {
            let after: LedgerRow? = LedgerTable.discard(row, generation: generation)
            #expect(after?.state == .discarded && after?.generation == generation)
        }
    }
}

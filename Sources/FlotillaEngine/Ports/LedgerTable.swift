// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// One row of the ledger, as every adapter keeps it.
package struct LedgerRow: Sendable, Equatable {
    package var state: LedgerState
    /// The round that runs or ran last; in `retrying`, the next one.
    package var round: Int
    package var generation: Int
    package var crashes: Int
    package var fence: Int64

    package init(state: LedgerState, round: Int, generation: Int, crashes: Int = 0, fence: Int64) {
        self.state = state
        self.round = round
        self.generation = generation
        self.crashes = crashes
        self.fence = fence
    }
}

/// The state table of the ledger: what a claim answers, and what it writes. Pure, and the same for every adapter.
package enum LedgerTable {
    package static let crashLimit = 3

    /// - Parameters:
    ///   - row: what is stored, or nil.
    ///   - heldUntil: for a claimed row, until when its holder's lease runs; nil when the lease has run out.
    /// - Returns: the answer, and the row to write if it changes.
    package static func claim(
        _ row: LedgerRow?, round: Int, generation: Int, alone: Bool, heldUntil: Timestamp?
    ) -> (answer: ClaimAnswer, write: LedgerRow?) {
        guard let row else {
            let first = LedgerRow(state: .claimed, round: round, generation: generation, fence: 1)
            return (.run(fence: 1), first)
        }
        if generation < row.generation { return (.superseded, nil) }
        if row.state == .claimed, let heldUntil {
            // A later round here means that a retry was confirmed and its release is still on the way.
            return (generation == row.generation && round < row.round ? .superseded : .busy(until: heldUntil), nil)
        }
        if generation > row.generation {
            // A replay begins a new life: neither its rounds nor its crashes are those of the old one.
            let next = LedgerRow(state: .claimed, round: round, generation: generation, fence: row.fence + 1)
            return (.run(fence: next.fence), next)
        }
        switch row.state {
        case .done, .dead, .parked, .discarded:
            return (.duplicate(row.state), nil)
        case .retrying, .free, .claimed:
            if round < row.round { return (.superseded, nil) }
        }
        // The worker that held this claim vanished. If a later round exists, its handler had returned: that is no crash of the handler.
        let vanished = row.state == .claimed && round == row.round
        let crashes = row.crashes + (vanished ? 1 : 0)
        var next = LedgerRow(state: .claimed, round: round, generation: generation, crashes: crashes, fence: row.fence + 1)
        if crashes >= crashLimit { return (.crashed(fence: next.fence, crashes: crashes), next) }
        if crashes > 0, !alone {
            // Not claimed while it waits for its turn to run alone: if a neighbour brings the process down meanwhile, it is not blamed.
            next.state = .free
            return (.alone(crashes: crashes), vanished ? next : nil)
        }
        return (.run(fence: next.fence), next)
    }

    /// The row after a mark, or nil when the fence has moved on.
    package static func mark(_ row: LedgerRow?, fence: Int64, as mark: LedgerMark) -> LedgerRow? {
        guard var row, row.state == .claimed, row.fence == fence else { return nil }
        switch mark {
        case .done: row.state = .done
        case .parked: row.state = .parked
        case .dead: row.state = .dead
        case .free: row.state = .free
        case .retrying(let next):
            row.state = .retrying
            row.round = next
        }
        return row
    }

    /// The row after a done mark without a claim.
    package static func markDone(_ row: LedgerRow?, generation: Int) -> LedgerRow {
        LedgerRow(
            state: .done, round: row?.round ?? 1, generation: max(generation, row?.generation ?? 0), crashes: row?.crashes ?? 0,
            fence: (row?.fence ?? 0) + 1)
    }

    /// The row after a person discarded the event: whatever copy is still on its way is acknowledged when it comes. Nil when the event
    /// has a newer life, which that person had not seen.
    package static func discard(_ row: LedgerRow?, generation: Int) -> LedgerRow? {
        if let row, row.generation > generation { return nil }
        return LedgerRow(
            state: .discarded, round: row?.round ?? 1, generation: generation, crashes: row?.crashes ?? 0,
            fence: (row?.fence ?? 0) + 1)
    }
}

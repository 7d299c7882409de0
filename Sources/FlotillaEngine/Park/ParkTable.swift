// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// What becomes of a parked letter, from what the ledger says of its event. Pure.
///
/// A worker that was killed between the copy in the park and its mark leaves both behind: the letter, and a delivery that comes again.
/// That one may well be done by now, and its letter must not begin another life. A row that says `parked` in the letter's generation
/// stays so until a newer generation claims it: who has read it may move the letter.
package enum ParkTable {
    package static func verdict(_ row: LedgerRow?, generation: Int) -> ParkVerdict {
        // Handlers that may be repeated leave no row, and old rows are pruned.
        guard let row, row.generation >= generation else { return .resume }
        if row.generation > generation { return .drop }
        switch row.state {
        case .parked: return .resume
        // Its worker has just laid it down and is about to mark it, or was killed before: then the delivery comes again.
        case .claimed: return .stay
        case .free, .retrying: return .drop
        case .done, .dead, .discarded: return .drop
        }
    }
}

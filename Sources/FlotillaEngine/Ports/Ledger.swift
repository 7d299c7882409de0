// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// The port that remembers what became of each event for each consumer, so that a redelivery does no harm.
///
/// - **One row** for each key; `LedgerTable` says what a claim answers and writes, and every adapter follows it.
/// - **Leases**: a claim holds while the process that made it lives, by the store's own clock. An adapter renews what its process
///   holds at a third of the lease; a claim whose process vanished can be taken over after it.
/// - **Fences**: `mark` is refused when the claim was taken over meanwhile. Refused means: nothing was written.
/// - **Batches**: calls that wait at the same time travel to the store together.
/// - **Rounds** count copies: `Passage.round`, which grows also with a copy that spent no attempt.
/// - **Failure**: a store that is away makes calls throw; nothing is half written.
package protocol Ledger: Sendable {
    func claim(_ key: LedgerKey, round: Int, generation: Int, alone: Bool) async throws -> ClaimAnswer

    /// True when written; false when the claim is no longer the caller's.
    func mark(_ key: LedgerKey, fence: Int64, as mark: LedgerMark) async throws -> Bool

    /// Done without a claim, by a handler that may be repeated: evidence for the audit.
    func markDone(_ key: LedgerKey, generation: Int) async throws

    /// Which of these claims are no longer the caller's. Renews the others.
    func lost(among held: [HeldClaim]) async throws -> [HeldClaim]

    func ailment() async -> String?
}

/// What a worker is told when it asks to run an event.
package enum ClaimAnswer: Sendable, Equatable {
    /// It is yours; marks are written under this fence.
    case run(fence: Int64)
    /// It has ended already, in this state: acknowledge the copy.
    case duplicate(LedgerState)
    /// Another copy is further on: acknowledge this one.
    case superseded
    /// Somebody runs it now.
    case busy(until: Timestamp)
    /// It was running when a process vanished: claim it again with `alone`, when nothing else runs here.
    case alone(crashes: Int)
    /// It has brought too many processes down: it is yours, to be made a dead letter.
    case crashed(fence: Int64, crashes: Int)
}

package struct HeldClaim: Sendable, Hashable {
    package let key: LedgerKey
    package let fence: Int64

    package init(key: LedgerKey, fence: Int64) {
        self.key = key
        self.fence = fence
    }
}

package enum LedgerMark: Sendable, Equatable {
    case done
    case retrying(next: Int)
    case parked
    case dead
    /// Not handled after all: whoever comes next may run it, in the same round.
    case free
}

package enum LedgerState: Int, Sendable, Equatable, CaseIterable {
    case free, claimed, retrying, parked, done, dead, discarded

    package var name: String {
        switch self {
        case .free: "free"
        case .claimed: "claimed"
        case .retrying: "retrying"
        case .parked: "parked"
        case .done: "done"
        case .dead: "dead"
        case .discarded: "discarded"
        }
    }
}

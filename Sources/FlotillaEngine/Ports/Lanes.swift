// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// The port that keeps events of one partition key from running at the same time, whichever replicas of a worker they come to: a lane for
/// each key of a queue, with room for one.
///
/// - **Exclusive** lanes are free or held. **Strict** ones also have tickets, one for each event, numbered by the order in which they were
///   first asked for: only the event with the lowest ticket enters. A ticket leaves when its event is at an end; `LaneTable` says when that is.
/// - **Leases**: a lane is held while the process that entered it lives, as a claim is.
/// - **Owners**: whoever asks has a number of its own. A lane that is held under it was left behind by itself, and is taken anew.
/// - **Turns** are numbers of their own for each request: what is given up under an old one is not given up.
/// - **Order**: requests of one call are answered in their order. **Failure**: a store that is away makes calls throw; nothing is half written.
/// - It stands in the store of the ledger, whose states it reads.
///
/// Leases by key, and not a queue with a single active consumer for each share of the keys: there a key that is stuck holds up the others of
/// its share, a retry in strict order holds up all of them, one worker more or less moves whole shares, and no more workers than shares can
/// be at work. The price is a statement for some hundred events; `flotilla bench worker --ledger --keys` measures it.
package protocol Lanes: Sendable {
    /// Gives lanes up, then asks for others: all in one.
    func change(leaving: [LaneLeave], asking: [LaneRequest]) async throws -> LaneReply

    /// Which of these are no longer the caller's.
    func lost(among held: [HeldLane]) async throws -> [HeldLane]
}

extension Lanes {
    package func enter(_ request: LaneRequest, leaving: LaneLeave? = nil) async throws -> LaneAnswer {
        try await change(leaving: [leaving].compactMap(\.self), asking: [request]).answers.first ?? .ended
    }
}

/// The first 16 bytes of a SHA-256 over consumer and partition key. A source with a space is none, so that no event has the same.
package struct LaneKey: Sendable, Hashable {
    package let hash: LedgerKey

    package init(consumer: String, partitionKey: String) throws {
        hash = try LedgerKey(consumer: consumer, source: "partition key", id: partitionKey)
    }

    package init(hash: LedgerKey) {
        self.hash = hash
    }
}

package struct LaneRequest: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case exclusive
        /// With at most so many tickets.
        case strict(limit: Int)
        /// A ticket alone: the event does not run yet, even if it is the first.
        case ticket(limit: Int)
    }

    package let lane: LaneKey
    package let key: LedgerKey
    package let generation: Int
    package let owner: Int64
    package let turn: Int64
    package let kind: Kind

    package init(lane: LaneKey, key: LedgerKey, generation: Int, owner: Int64, turn: Int64, kind: Kind) {
        self.lane = lane
        self.key = key
        self.generation = generation
        self.owner = owner
        self.turn = turn
        self.kind = kind
    }
}

package struct HeldLane: Sendable, Hashable {
    package let lane: LaneKey
    package let turn: Int64

    package init(lane: LaneKey, turn: Int64) {
        self.lane = lane
        self.turn = turn
    }
}

package struct LaneLeave: Sendable, Equatable {
    package let held: HeldLane
    /// Of a strict lane: the event that was in it. Its ticket stays if it is not at an end.
    package let ticket: LedgerKey?
    /// When that event will be tried again, if it is known.
    package let due: Timestamp?

    package init(_ held: HeldLane, ticket: LedgerKey? = nil, due: Timestamp? = nil) {
        self.held = held
        self.ticket = ticket
        self.due = due
    }
}

package enum LaneAnswer: Sendable, Equatable {
    case entered(HeldLane)
    /// Another event is in it, for so long by now.
    case busy(heldFor: Duration)
    /// Others have lower tickets. `ahead` is how many at most: 0 for a ticket alone that is the first.
    case behind(number: Int64, ahead: Int64, due: Timestamp?)
    /// It has as many tickets as it may have; the lowest of them is that of this event.
    case full(first: LedgerKey)
    /// The event is at an end already: no lane is needed to find that out.
    case ended
}

package struct LaneReply: Sendable, Equatable {
    package var answers: [LaneAnswer]
    /// Tickets that were dropped because for a day others of their lanes were asked for, and they were not.
    package var forgotten: Int

    package init(answers: [LaneAnswer] = [], forgotten: Int = 0) {
        self.answers = answers
        self.forgotten = forgotten
    }
}

/// For a worker whose events need no order across processes: every lane is free.
package struct NoLanes: Lanes {
    package init() {}

    package func change(leaving: [LaneLeave], asking: [LaneRequest]) async throws -> LaneReply {
        LaneReply(answers: asking.map { .entered(HeldLane(lane: $0.lane, turn: $0.turn)) })
    }

    package func lost(among held: [HeldLane]) async throws -> [HeldLane] { [] }
}

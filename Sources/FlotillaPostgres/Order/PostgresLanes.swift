// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

/// The Lanes port on PostgreSQL. A lane is held by the session of its process.
///
/// Nearly every exclusive lane is free: it is entered in a batch, in one round trip, and left in another one. Whatever else there is goes one after the
/// other, in a transaction that holds the rows of its lanes and asks `LaneTable`.
package final class PostgresLanes: Lanes {
    private struct EnterAsk: BatchedAsk {
        let request: LaneRequest
        /// Whether it was free.
        let continuation: CheckedContinuation<Bool, any Error>

        var key: LedgerKey { request.lane.hash }
        func fail(_ failure: PostgresFailure) { continuation.resume(throwing: failure) }
    }

    private struct LeaveAsk: BatchedAsk {
        let held: HeldLane
        let continuation: CheckedContinuation<Void, any Error>

        var key: LedgerKey { held.lane.hash }
        func fail(_ failure: PostgresFailure) { continuation.resume(throwing: failure) }
    }

    private let store: PostgresStore
    private let enters: Batches<EnterAsk>
    private let leaves: Batches<LeaveAsk>

    /// Tickets at the front of a lane that are read at first.
    private static let firsts = 16

    package init(_ store: PostgresStore) {
        self.store = store
        enters = Batches(
            store, on: store.lanes,
            compose: { batch in
                guard store.session.isHeld else { return [] }
                return [
                    Query.laneEnter(
                        .keys(batch.map(\.key)), .integers(batch.map(\.request.owner)), .integers(batch.map(\.request.turn)),
                        .integer(store.session.id))
                ]
            },
            conclude: { batch, rows in
                guard store.session.isHeld, let found = rows.first else {
                    for ask in batch { ask.fail(.leaseLost) }
                    return []
                }
                let entered = Set(found.compactMap { $0.key(0) })
                for ask in batch { ask.continuation.resume(returning: entered.contains(ask.key)) }
                return []
            })
        leaves = Batches(
            store, on: store.lanes,
            compose: { batch in [Query.laneFree(.keys(batch.map(\.key)), .integers(batch.map(\.held.turn)))] },
            conclude: { batch, _ in
                for ask in batch { ask.continuation.resume() }
                return []
            })
    }

    package func change(leaving: [LaneLeave], asking: [LaneRequest]) async throws -> LaneReply {
        if asking.isEmpty, leaving.count == 1, let leave = leaving.first, leave.ticket == nil {
            try await withCheckedThrowingContinuation { leaves.put(LeaveAsk(held: leave.held, continuation: $0)) }
            return LaneReply()
        }
        if leaving.isEmpty, asking.count == 1, let request = asking.first, request.kind == .exclusive {
            let isIn = try await withCheckedThrowingContinuation { enters.put(EnterAsk(request: request, continuation: $0)) }
            if isIn { return LaneReply(answers: [.entered(HeldLane(lane: request.lane, turn: request.turn))]) }
        }
        var limit = Self.firsts
        while true {
            do { return try await decide(leaving, asking, firsts: limit) } catch is LaneSheet.Exhausted { limit *= 16 }
        }
    }

    package func lost(among held: [HeldLane]) async throws -> [HeldLane] {
        guard !held.isEmpty else { return [] }
        let ordered = held.sorted { $0.lane.hash < $1.lane.hash }
        let look = Query.laneHeld(.keys(ordered.map(\.lane.hash)), .integers(ordered.map(\.turn)))
        let rows = try await store.ask([look], on: store.beats)
        let kept = Set(
            (rows.first.map(Array.init) ?? []).compactMap { row in
                row.key(0).map { HeldLane(lane: LaneKey(hash: $0), turn: row.integer(1)) }
            })
        return held.filter { !kept.contains($0) }
    }

    /// Its lanes are this transaction's alone.
    private func decide(_ leaving: [LaneLeave], _ asking: [LaneRequest], firsts limit: Int) async throws -> LaneReply {
        let session = store.session.id
        guard store.session.isHeld else { throw PostgresFailure.leaseLost }
        let lanes = Set(leaving.map(\.held.lane) + asking.map(\.lane)).sorted { $0.hash < $1.hash }
        let events = Set(leaving.compactMap(\.ticket) + asking.filter { $0.kind != .exclusive }.map(\.key)).sorted()
        return try await store.transaction { transaction in
            let hashes = Parameter.keys(lanes.map(\.hash))
            let found = try await transaction.ask([
                Query.laneHold(hashes), Query.laneLock(hashes), Query.laneTickets(.keys(events)), Query.laneFirsts(hashes, .integer(limit)),
                Query.laneLasts(hashes), Query.laneGone(hashes), Query.laneSessions(hashes), Query.now(),
            ])
            // Its holder left between the two statements: there was nothing to lock, and another one may be at it, too.
            guard found[1].count == lanes.count else {
                throw PostgresFailure(.refused("40001"), "a lane was left while it was looked at")
            }
            let living = Set(found[6].map { $0.integer(0) }).subtracting(found[5].map { $0.integer(0) })
            var holders: [LaneKey: LaneHolder] = [:]
            for row in found[1] where !row.flag(4) {
                guard let lane = row.key(0) else { continue }
                holders[LaneKey(hash: lane)] = LaneHolder(
                    owner: row.integer(1), turn: row.integer(2), entered: row.time(3) ?? Timestamp(microseconds: 0),
                    isAlive: living.contains(row.integer(5)))
            }
            let firsts = found[3].compactMap(\.ticket)
            let others = found[2].compactMap(\.ticket) + found[4].compactMap(\.ticket)
            var rows: [LedgerKey: LedgerRow] = [:]
            if !events.isEmpty {
                let keys = Parameter.keys(Set(events + firsts.map(\.key)).sorted())
                let states = try await transaction.ask([Query.claimRows(keys), Query.outcomes(keys)])
                rows = PostgresLedger.entries(claims: states[0], outcomes: states[1]).mapValues(\.row)
            }
            let sheet = LaneSheet(
                now: found[7].first?.time(0) ?? Timestamp(microseconds: 0), session: session, holders: holders, firsts: firsts,
                others: others, limit: limit, rows: rows)
            let reply = try LaneTable.change(sheet, leaving: leaving, asking: asking)
            _ = try await transaction.finish(sheet.calls(lanes))
            return reply
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime

/// The Ledger port on PostgreSQL. A claim is held by the session of its process.
///
/// Nearly every event is fresh: it is claimed in a batch, in one round trip. Those that are not (a copy, a retry, a replay, what a vanished
/// process left) go on one by one, as `LedgerTable` says. Marks travel in batches of their own.
package final class PostgresLedger: Ledger {
    private struct ClaimAsk: BatchedAsk {
        let key: LedgerKey
        let round: Int
        let generation: Int
        let alone: Bool
        let continuation: CheckedContinuation<ClaimAnswer, any Error>

        func fail(_ failure: PostgresFailure) { continuation.resume(throwing: failure) }
    }

    private struct MarkAsk: BatchedAsk {
        let key: LedgerKey
        let fence: Int64
        let mark: LedgerMark
        let continuation: CheckedContinuation<Bool, any Error>

        func fail(_ failure: PostgresFailure) { continuation.resume(throwing: failure) }
    }

    private struct DoneAsk: BatchedAsk {
        let key: LedgerKey
        let generation: Int
        let continuation: CheckedContinuation<Void, any Error>

        func fail(_ failure: PostgresFailure) { continuation.resume(throwing: failure) }
    }

    let store: PostgresStore
    private let claims: Batches<ClaimAsk>
    private let marks: Batches<MarkAsk>
    private let dones: Batches<DoneAsk>
    private let turns: KeyedTurns

    package init(_ store: PostgresStore) {
        self.store = store
        let turns = KeyedTurns(store)
        self.turns = turns
        let waits = Waits<ClaimAsk>()
        let claims = Batches<ClaimAsk>(
            store, on: store.claims,
            compose: { Self.claimCalls($0, store) },
            conclude: { batch, rows in
                let rest = Self.concludeClaims(batch, rows, store)
                turns.put(rest.map { ask in Self.keyed(ask) { waits.batches?.release(ask.key) } })
                return rest
            })
        waits.batches = claims
        self.claims = claims
        marks = Batches(
            store, on: store.marks, compose: { [Self.markCall($0)] },
            conclude: { batch, rows in
                let written = Set(rows.first.map { $0.compactMap { $0.key(0) } } ?? [])
                for ask in batch {
                    store.holdings.remove(ask.key, fence: ask.fence)
                    ask.continuation.resume(returning: written.contains(ask.key))
                }
                return []
            })
        let doneWaits = Waits<DoneAsk>()
        let dones = Batches<DoneAsk>(
            store, on: store.marks, compose: { Self.doneCalls($0, store) },
            conclude: { batch, rows in
                let written = Set(rows.count > 1 ? rows[1].compactMap { $0.key(0) } : [])
                var rest: [DoneAsk] = []
                for ask in batch { if written.contains(ask.key) { ask.continuation.resume() } else { rest.append(ask) } }
                turns.put(
                    rest.map { ask in
                        KeyedAsk(key: ask.key, what: .done(generation: ask.generation)) { result in
                            ask.continuation.resume(with: result.map { _ in }.mapError { $0 as any Error })
                            doneWaits.batches?.release(ask.key)
                        }
                    })
                return rest
            })
        doneWaits.batches = dones
        self.dones = dones
    }

    // MARK: Ledger

    package func claim(_ key: LedgerKey, round: Int, generation: Int, alone: Bool) async throws -> ClaimAnswer {
        try await withCheckedThrowingContinuation { continuation in
            claims.put(ClaimAsk(key: key, round: round, generation: generation, alone: alone, continuation: continuation))
        }
    }

    package func mark(_ key: LedgerKey, fence: Int64, as mark: LedgerMark) async throws -> Bool {
        try await withCheckedThrowingContinuation { continuation in
            marks.put(MarkAsk(key: key, fence: fence, mark: mark, continuation: continuation))
        }
    }

    package func markDone(_ key: LedgerKey, generation: Int) async throws {
        try await withCheckedThrowingContinuation { continuation in
            dones.put(DoneAsk(key: key, generation: generation, continuation: continuation))
        }
    }

    package func lost(among held: [HeldClaim]) async throws -> [HeldClaim] {
        guard !held.isEmpty else { return [] }
        let begin = MonotonicClock.now
        let ordered = held.sorted { $0.key < $1.key }
        let look = Query.heldClaims(.keys(ordered.map(\.key)), .integers(ordered.map(\.fence)))
        let renews = store.session.isDue
        let rows = try await store.ask(renews ? [store.renewal, look] : [look], on: store.beats)
        if renews, PostgresStore.isKept(rows) { store.session.renewed(asOf: begin) }
        let kept = Set((rows.last.map(Array.init) ?? []).compactMap { row in row.key(0).map { HeldClaim(key: $0, fence: row.integer(1)) } })
        return held.filter { !kept.contains($0) }
    }

    package func ailment() async -> String? { await store.ailment() }

    /// What a person decided.
    func ask(_ key: LedgerKey, _ what: KeyedAsk.What) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let posted = store.door.post { [turns] in
                turns.put([
                    KeyedAsk(key: key, what: what) { continuation.resume(with: $0.map { _ in }.mapError { $0 as any Error }) }
                ])
            }
            if !posted { continuation.resume(throwing: PostgresFailure.away("the store is closed")) }
        }
    }

    // MARK: Batches

    /// What has come before goes the long way at once.
    private static func isFresh(_ ask: ClaimAsk) -> Bool { ask.generation == 0 && ask.round == 1 }

    private static func claimCalls(_ batch: [ClaimAsk], _ store: PostgresStore) -> [Call] {
        guard store.session.isHeld else { return [] }
        let fresh = batch.filter(isFresh)
        guard !fresh.isEmpty else { return [] }
        let keys = Parameter.keys(fresh.map(\.key))
        return [Query.claimFresh(keys, .integers(fresh.map(\.round)), .integer(store.session.id)), Query.claimKnown(keys)]
    }

    /// - Returns: those that are not answered by it.
    private static func concludeClaims(_ batch: [ClaimAsk], _ rows: [Rows], _ store: PostgresStore) -> [ClaimAsk] {
        guard store.session.isHeld else {
            for ask in batch { ask.fail(.leaseLost) }
            return []
        }
        guard rows.count == 2 else { return batch }
        let claimed = Set(rows[0].compactMap { $0.key(0) }).subtracting(rows[1].compactMap { $0.key(0) })
        var rest: [ClaimAsk] = []
        for ask in batch {
            guard claimed.contains(ask.key) else {
                rest.append(ask)
                continue
            }
            store.holdings.add(ask.key, fence: 1)
            ask.continuation.resume(returning: .run(fence: 1))
        }
        return rest
    }

    private static func keyed(_ ask: ClaimAsk, then done: @escaping () -> Void) -> KeyedAsk {
        KeyedAsk(key: ask.key, what: .claim(round: ask.round, generation: ask.generation, alone: ask.alone)) { result in
            switch result {
            case .success(let answer?): ask.continuation.resume(returning: answer)
            case .success: ask.fail(.away("the database did not answer"))
            case .failure(let failure): ask.fail(failure)
            }
            done()
        }
    }

    private static func markCall(_ batch: [MarkAsk]) -> Call {
        Query.mark(
            .keys(batch.map(\.key)), .integers(batch.map(\.fence)), .integers(batch.map(\.mark.state.rawValue)),
            .optionalIntegers(batch.map(\.mark.round)))
    }

    private static func doneCalls(_ batch: [DoneAsk], _ store: PostgresStore) -> [Call] {
        let keys = Parameter.keys(batch.map(\.key))
        return [
            Query.hold(keys, .integers(batch.map(\.generation)), .integer(store.session.id)),
            Query.doneFresh(keys, .integer(LedgerState.done.rawValue)), Query.letGo(keys),
        ]
    }
}

/// What answers behind a batch tells it so: they know of each other.
///
/// Sendable because only the thread of the loop touches it, once it is set.
private final class Waits<Ask: BatchedAsk>: @unchecked Sendable {
    weak var batches: Batches<Ask>?
}

extension LedgerMark {
    fileprivate var state: LedgerState {
        switch self {
        case .done: .done
        case .retrying: .retrying
        case .parked: .parked
        case .dead: .dead
        case .free: .free
        }
    }

    /// Nil: as it was claimed.
    fileprivate var round: Int? {
        if case .retrying(let next) = self { next } else { nil }
    }
}

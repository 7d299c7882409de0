// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel
package import FlotillaRuntime
internal import Synchronization

/// The Ledger port in memory, for tests of whatever needs one: the same answers as a real one, gone with the process.
package final class MemoryLedger: Ledger, LedgerInspection {
    fileprivate struct Stored {
        var row: LedgerRow
        var leaseUntil: Timestamp
        var claimed: Timestamp
        var changed: Timestamp
    }

    struct State {
        fileprivate var rows: [LedgerKey: Stored] = [:]
        var deeds: [Deed] = []
        var held: [LaneKey: MemoryLanes.Held] = [:]
        var tickets: [LaneKey: [LaneTicket]] = [:]
        var shelf = EffectShelf()
        fileprivate var away: String?

        func holds(_ claim: HeldClaim) -> Bool {
            rows[claim.key].map { $0.row.state == .claimed && $0.row.fence == claim.fence } ?? false
        }

        func isRunning(_ key: LedgerKey, at now: Timestamp) -> Bool {
            rows[key].map { $0.row.state == .claimed && $0.leaseUntil > now } ?? false
        }
    }

    private let state = Mutex(State())
    let clock: any WallClock
    private let lease: Duration

    package init(clock: any WallClock, lease: Duration = .seconds(30)) {
        self.clock = clock
        self.lease = lease
    }

    /// From now on every call throws; nil ends it.
    package func fail(because why: String?) { state.withLock { $0.away = why } }

    /// Whoever holds a claim is gone: each can be taken over.
    package func vanish() {
        state.withLock { state in
            for key in state.rows.keys { state.rows[key]?.leaseUntil = Timestamp(microseconds: .min) }
        }
        vanishLanes()
    }

    /// Only its lanes can be taken over.
    package func vanishLanes() {
        state.withLock { state in
            for lane in state.held.keys { state.held[lane]?.leaseUntil = Timestamp(microseconds: .min) }
        }
    }

    /// A row is gone, as no process of ours would take it away.
    package func forget(_ key: LedgerKey) async throws { try change { $0.rows[key] = nil } }

    package func claim(_ key: LedgerKey, round: Int, generation: Int, alone: Bool) async throws -> ClaimAnswer {
        let now = clock.now
        return try change { state in
            let stored = state.rows[key]
            let until = stored.flatMap { $0.leaseUntil > now ? $0.leaseUntil : nil }
            let decision = LedgerTable.claim(stored?.row, round: round, generation: generation, alone: alone, heldUntil: until)
            if let row = decision.write { state.rows[key] = Stored(row: row, leaseUntil: now + lease, claimed: now, changed: now) }
            return decision.answer
        }
    }

    package func mark(_ key: LedgerKey, fence: Int64, as mark: LedgerMark) async throws -> Bool {
        try change { state in
            guard let row = LedgerTable.mark(state.rows[key]?.row, fence: fence, as: mark) else { return false }
            state.rows[key]?.row = row
            state.rows[key]?.changed = clock.now
            return true
        }
    }

    package func markDone(_ key: LedgerKey, generation: Int) async throws {
        let now = clock.now
        try change { state in
            let row = LedgerTable.markDone(state.rows[key]?.row, generation: generation)
            state.rows[key] = Stored(row: row, leaseUntil: now, claimed: now, changed: now)
        }
    }

    package func lost(among held: [HeldClaim]) async throws -> [HeldClaim] {
        try change { state in
            held.filter { claim in
                guard let stored = state.rows[claim.key], stored.row.state == .claimed, stored.row.fence == claim.fence else { return true }
                state.rows[claim.key]?.leaseUntil = clock.now + lease
                return false
            }
        }
    }

    package func ailment() async -> String? { state.withLock { $0.away } }

    package func entry(for key: LedgerKey) async throws -> LedgerEntry? {
        try change { $0.rows[key].map { LedgerEntry(row: $0.row, claimed: $0.claimed, changed: $0.changed) } }
    }

    package func entries(for keys: [LedgerKey]) async throws -> [LedgerEntry?] {
        try change { state in
            keys.map { state.rows[$0].map { LedgerEntry(row: $0.row, claimed: $0.claimed, changed: $0.changed) } }
        }
    }

    package func discard(_ key: LedgerKey, generation: Int) async throws {
        let now = clock.now
        try change { state in
            guard let row = LedgerTable.discard(state.rows[key]?.row, generation: generation) else { return }
            state.rows[key] = Stored(row: row, leaseUntil: now, claimed: now, changed: now)
        }
    }

    package func record(_ deed: Deed) async throws { try change { $0.deeds.append(deed) } }
    package func deeds(limit: Int) async throws -> [Deed] { try change { Array($0.deeds.reversed().prefix(limit)) } }

    func withLanes<Value>(_ body: (MemoryLanes) throws -> Value) throws -> Value {
        try change { state in
            let rows = state.rows
            let lanes = MemoryLanes(now: clock.now, lease: lease, held: state.held, tickets: state.tickets) { rows[$0]?.row }
            let value = try body(lanes)
            (state.held, state.tickets) = (lanes.held, lanes.tickets)
            return value
        }
    }

    func change<Value>(_ body: (inout State) throws -> Value) throws -> Value {
        try state.withLock { state in
            if let away = state.away { throw MemoryFailure(description: away) }
            return try body(&state)
        }
    }
}

package struct MemoryFailure: Error, CustomStringConvertible {
    package let description: String
}

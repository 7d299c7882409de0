// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// What is asked about one key that is not fresh, or that a person decides about.
struct KeyedAsk {
    enum What {
        case claim(round: Int, generation: Int, alone: Bool)
        case done(generation: Int)
        case discard(generation: Int)
    }

    let key: LedgerKey
    let what: What
    /// Nil but for a claim.
    let answer: (Result<ClaimAnswer?, PostgresFailure>) -> Void
    /// How often it found its key in between two states.
    var rounds = 0
}

/// What the database holds of one key while a transaction has it for itself.
struct KeyedRow: Equatable {
    /// A claim of somebody's, or else what became of it.
    var row: LedgerRow?
    var claimed: Timestamp?
    /// Until when the holder of a claim lives; nil when it is gone.
    var heldUntil: Timestamp?
    /// The claim is this process's, and nobody in it knows of it: an answer was lost.
    var isStray = false
    /// The highest fence of what became of it, where there are rows with lower ones, too.
    var newest: Int64?
}

/// What is written for one key: what the table says, and that nothing else stays of it. Pure.
struct KeyedDecision: Equatable {
    var answer: ClaimAnswer?
    var write: LedgerRow?
    /// The claim that was there, or the place that was taken, goes.
    var endsClaim = false

    init(_ what: KeyedAsk.What, _ found: KeyedRow) {
        switch what {
        case .claim(let round, let generation, let alone):
            var row = found.row
            // Nobody ran it, so that nobody has vanished.
            if found.isStray { row?.state = .free }
            let decision = LedgerTable.claim(row, round: round, generation: generation, alone: alone, heldUntil: found.heldUntil)
            answer = decision.answer
            write = decision.write ?? (found.isStray ? row : nil)
        case .done(let generation):
            write = LedgerTable.markDone(found.row, generation: generation)
        case .discard(let generation):
            write = LedgerTable.discard(found.row, generation: generation)
        }
        let isClaimed = found.row?.state == .claimed
        if let write { endsClaim = write.state != .claimed } else { endsClaim = !isClaimed }
    }

    func calls(_ key: LedgerKey, _ found: KeyedRow, session: Int64) -> [Call] {
        var calls: [Call] = []
        if let newest = found.newest { calls.append(Query.dropOlder(.key(key), .integer(newest))) }
        if endsClaim { calls.append(Query.endClaim(.key(key))) }
        guard let write else { return calls }
        let values: [Parameter] = [
            .key(key), .integer(write.round), .integer(write.generation), .integer(write.crashes), .integer(write.fence),
        ]
        if write.state == .claimed {
            calls.append(Call(query: .writeClaim, parameters: values + [.integer(session)]))
        } else {
            calls.append(
                Call(query: .writeOutcome, parameters: values + [.integer(write.state.rawValue), .time(orNull: found.claimed)]))
        }
        return calls
    }
}

/// The way of keys that are not fresh: a transaction of two round trips for a few of them at once. The first takes each key for itself, with
/// a claim of its own where there is none, and looks at what there is; then the table decides, and the second writes it.
///
/// Sendable because only the thread of the loop touches what is mutable here.
final class KeyedTurns: @unchecked Sendable {
    private let store: PostgresStore
    private var waiting: [KeyedAsk] = []
    private var underWay = 0

    private static let limit = 64
    private static let mostUnderWay = 2
    private static let mostRounds = 50

    init(_ store: PostgresStore) {
        self.store = store
    }

    /// On the loop.
    func put(_ asks: [KeyedAsk]) {
        waiting += asks
        pump()
    }

    private func pump() {
        guard underWay < Self.mostUnderWay, !waiting.isEmpty else { return }
        underWay += 1
        store.calls.take(within: store.options.patience) { [self] taken in
            switch taken {
            case .failure(let failure):
                underWay -= 1
                let failed = waiting
                waiting = []
                for ask in failed { ask.answer(.failure(failure)) }
            case .success(let lease):
                let turn = form()
                guard !turn.isEmpty else {
                    underWay -= 1
                    return store.calls.release(lease)
                }
                look(turn, lease, attempt: 1)
            }
        }
        pump()
    }

    private func form() -> [KeyedAsk] {
        var turn: [LedgerKey: KeyedAsk] = [:]
        var rest: [KeyedAsk] = []
        for ask in waiting {
            if turn.count < Self.limit, turn[ask.key] == nil { turn[ask.key] = ask } else { rest.append(ask) }
        }
        waiting = rest
        return turn.values.sorted { $0.key < $1.key }
    }

    private func look(_ turn: [KeyedAsk], _ lease: Lease, attempt: Int) {
        let keys = Parameter.keys(turn.map(\.key))
        let generations = Parameter.integers(turn.map { _ in 0 })
        let calls = [
            Query.begin(), Query.hold(keys, generations, .integer(store.session.id)), Query.lockClaims(keys), Query.outcomes(keys),
            Query.goneHolders(keys), Query.holders(keys), Query.now(),
        ]
        lease.line.ask(calls, in: lease.incarnation, within: store.options.patience) { [self] answer in
            switch answer {
            case .failure(let failure): undo(turn, lease, failure, attempt)
            case .success(let rows): write(turn, found(rows), lease, attempt)
            }
        }
    }

    private func found(_ rows: [Rows]) -> [LedgerKey: KeyedRow] {
        guard rows.count == 7 else { return [:] }
        var found: [LedgerKey: KeyedRow] = [:]
        var outcomes: [LedgerKey: KeyedRow] = [:]
        for row in rows[3] {
            guard let key = row.key(0) else { continue }
            outcomes[key] = KeyedRow(row: row.outcome, claimed: row.time(6), newest: row.flag(8) ? row.integer(4) : nil)
        }
        let gone = Set(rows[4].map { $0.integer(0) })
        var holders: [Int64: Timestamp] = [:]
        for row in rows[5] { holders[row.integer(0)] = row.time(1) }
        let now = rows[6].first?.time(0)
        for row in rows[2] {
            guard let key = row.key(0) else { continue }
            if row.flag(7) {
                found[key] = outcomes[key] ?? KeyedRow()
                continue
            }
            let session = row.integer(6)
            var one = KeyedRow(row: row.claim, claimed: row.time(5))
            one.heldUntil = gone.contains(session) ? nil : holders[session]
            if session == store.session.id {
                // A process that asks lives, even if its lease was renewed late.
                one.isStray = !store.holdings.holds(key, fence: row.integer(4))
                one.heldUntil =
                    one.isStray ? nil : max(holders[session] ?? now ?? Timestamp(microseconds: 0), now ?? .init(microseconds: 0))
            }
            found[key] = one
        }
        return found
    }

    private func write(_ turn: [KeyedAsk], _ found: [LedgerKey: KeyedRow], _ lease: Lease, _ attempt: Int) {
        var decisions: [LedgerKey: KeyedDecision] = [:]
        var calls: [Call] = []
        for ask in turn {
            guard let row = found[ask.key] else { continue }
            let decision = KeyedDecision(ask.what, row)
            decisions[ask.key] = decision
            calls += decision.calls(ask.key, row, session: store.session.id)
        }
        lease.line.ask(calls + [Query.commit()], in: lease.incarnation, within: store.options.patience) { [self] answer in
            switch answer {
            case .failure(let failure): undo(turn, lease, failure, attempt)
            case .success:
                store.calls.release(lease)
                for ask in turn { conclude(ask, decisions[ask.key]) }
                ended()
            }
        }
    }

    private func conclude(_ ask: KeyedAsk, _ decision: KeyedDecision?) {
        guard let decision else {
            // Held when a place was to be taken, and gone when it was to be locked.
            var again = ask
            again.rounds += 1
            if again.rounds < Self.mostRounds {
                waiting.append(again)
            } else {
                ask.answer(.failure(PostgresFailure(.refused("40001"), "the database found this event changed again and again")))
            }
            return
        }
        switch decision.answer {
        case .run(let fence), .crashed(let fence, _):
            // The answer was late. Nobody is told of this claim: whoever asks next gets it, and nobody is blamed.
            guard store.session.isHeld else {
                return ask.answer(.failure(.leaseLost))
            }
            store.holdings.add(ask.key, fence: fence)
        default: if case .claim = ask.what {} else if decision.endsClaim { store.holdings.remove(ask.key) }
        }
        ask.answer(.success(decision.answer))
    }

    private func undo(_ turn: [KeyedAsk], _ lease: Lease, _ failure: PostgresFailure, _ attempt: Int) {
        lease.line.ask([Query.rollback()], in: lease.incarnation, within: store.options.patience) { [self] _ in
            if failure.isCollision, attempt < PostgresStore.collisionLimit { return look(turn, lease, attempt: attempt + 1) }
            store.calls.release(lease)
            if failure.isMissingPartition { store.bell.ring() }
            for ask in turn { ask.answer(.failure(failure)) }
            ended()
        }
    }

    private func ended() {
        underWay -= 1
        pump()
    }
}

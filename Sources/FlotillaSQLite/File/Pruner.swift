// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// Lets go of what is old, a little at a time, more often while there is more: the journal by age and size, the ledger by age alone.
///
/// Events leave from the oldest on. One that something still refers to (a delivery, a letter) stays, and leaves with that reference.
/// What is parked does not age: its row stays until its event goes on.
/// The ledger has no index by time; its keys are hashes, so it is walked in slices of the key space, once around in about a day.
struct Pruner {
    private static let eventsAtOnce: Int64 = 2000
    /// A slice of the key space: 1/4096 of it, each about every 20 seconds.
    private var slice: UInt16
    private var lastSlice = Timestamp(microseconds: 0)
    /// True when the journal was past its limits still after the last time.
    private(set) var isBehind = false

    init(_ options: SQLiteFile.Options) {
        slice = options.firstSlice % 4096
    }

    mutating func hasWork(_ turn: Turn, _ options: SQLiteFile.Options, now: Timestamp) -> Bool {
        if now - lastSlice >= .seconds(20) { return true }
        guard !turn.journal.isOff else { return false }
        if turn.state.journalBytes > turn.journal.bytes { return true }
        guard let oldest = try? turn.statements.oldestEvent(after: turn.state.prunedTo) else { return false }
        return oldest.accepted < (now - turn.journal.age).milliseconds
    }

    mutating func prune(_ turn: Turn, _ options: SQLiteFile.Options) throws {
        if turn.now - lastSlice >= .seconds(20) {
            lastSlice = turn.now
            try pruneLedger(turn, age: options.ledgerAge)
        }
        isBehind = try !turn.journal.isOff && pruneJournal(turn)
    }

    /// True when there is more to do.
    private func pruneJournal(_ turn: Turn) throws -> Bool {
        let cutoff = (turn.now - turn.journal.age).milliseconds
        for _ in 0..<Self.eventsAtOnce {
            guard let oldest = try turn.statements.oldestEvent(after: turn.state.prunedTo),
                oldest.accepted < cutoff || turn.state.journalBytes > turn.journal.bytes
            else { return false }
            turn.prune(to: oldest.number)
            try Deliveries.leave(oldest.number, in: turn)
        }
        return true
    }

    private mutating func pruneLedger(_ turn: Turn, age: Duration) throws {
        let low = [UInt8(slice >> 4), UInt8(slice & 0xF) << 4]
        slice = (slice + 1) % 4096
        let high = slice == 0 ? [UInt8](repeating: 0xFF, count: 17) : [UInt8(slice >> 4), UInt8(slice & 0xF) << 4]
        let limit = turn.now - age
        let prune = turn.statements.pruneLedger
        prune.bind(1, low)
        prune.bind(2, high)
        prune.bind(3, limit.milliseconds)
        try prune.run()
        // A claim whose worker vanished and whose delivery never came again.
        let claims = turn.statements.pruneClaims
        claims.bind(1, limit.milliseconds)
        try claims.run()
        // The same of lanes, and tickets that nobody has come across.
        let lanes = turn.statements.lanes.pruneLanes
        lanes.bind(1, limit.milliseconds)
        try lanes.run()
        let tickets = turn.statements.lanes.pruneTickets
        tickets.bind(1, low)
        tickets.bind(2, high)
        tickets.bind(3, limit.milliseconds)
        try tickets.run()
        // After the rows of their events. An intent without a result waits for a person.
        let effects = turn.statements.pruneEffects
        effects.bind(1, low)
        effects.bind(2, high)
        effects.bind(3, limit.milliseconds)
        effects.bind(4, (turn.now - age * EffectTable.patience).milliseconds)
        try effects.run()
    }
}

extension Statements {
    func oldestEvent(after number: Int64) throws -> (number: Int64, accepted: Int64)? {
        oldestEvent.bind(1, number)
        return try oldestEvent.row { ($0.integer(0), $0.integer(1)) }
    }
}

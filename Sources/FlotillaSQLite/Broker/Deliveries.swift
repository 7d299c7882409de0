// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// What happens to rows of `delivery` and `delayed`.
enum Deliveries {
    /// The first delivery of a new event.
    static func add(_ event: Int64, to queue: Int64, in turn: Turn) throws {
        try insert(number: event, event: nil, queue: queue, attempt: 1, generation: 0, passage: nil, in: turn)
    }

    /// Another delivery of an event that is there already, now or later.
    static func addCopy(of event: Int64, to queue: Int64, _ passage: Passage, due: Int64?, in turn: Turn) throws {
        let number = turn.nextNumber()
        let text = PassageText.encode(passage)
        guard let due, due > turn.now.milliseconds else {
            return try insert(
                number: number, event: event, queue: queue, attempt: Int64(passage.attempt), generation: Int64(passage.generation),
                passage: text, in: turn)
        }
        let add = turn.statements.addDelayed
        add.bind(1, due)
        add.bind(2, queue)
        add.bind(3, number)
        add.bind(4, event)
        add.bind(5, passage.attempt)
        add.bind(6, passage.generation)
        add.bind(7, text)
        try add.run()
        turn.nextDue = min(turn.nextDue ?? due, due)
        turn.rings = true
    }

    /// Moves what is due into its queue, a bounded number in each turn.
    static func promote(in turn: Turn) throws {
        guard let due = turn.nextDue, due <= turn.now.milliseconds else { return }
        let select = turn.statements.dueRows
        select.bind(1, turn.now.milliseconds)
        select.bind(2, 1000)
        let rows = try select.rows { row in
            (
                due: row.integer(0), queue: row.integer(1), number: row.integer(2), event: row.integer(3), attempt: row.integer(4),
                generation: row.integer(5), passage: row.text(6)
            )
        }
        for row in rows {
            let drop = turn.statements.dropDue
            drop.bind(1, row.due)
            drop.bind(2, row.queue)
            drop.bind(3, row.number)
            try drop.run()
            // A number of its own, so that it waits behind what came before it, and not before everything.
            try insert(
                number: turn.nextNumber(), event: row.event, queue: row.queue, attempt: row.attempt, generation: row.generation,
                passage: row.passage, in: turn)
        }
        turn.nextDue = try turn.statements.nextDue.row { $0.optionalInteger(0) } ?? nil
    }

    static func settle(_ settled: SettledDelivery, in turn: Turn) throws {
        let statement = settled.verdict == .acknowledged ? turn.statements.acknowledge : turn.statements.giveBack
        statement.bind(1, settled.queue)
        statement.bind(2, settled.holder)
        statement.bind(3, settled.number)
        guard settled.verdict == .acknowledged else {
            try statement.run()
            turn.stirred.insert(settled.queue)
            turn.rings = true
            return
        }
        // No row: it was taken back meanwhile, and whoever has it now settles it.
        guard let event = try statement.row({ $0.integer(0) }) else { return }
        turn.leave(settled.queue)
        try leave(event, in: turn)
    }

    /// A reference to this event has gone; past the journal it leaves with its last one.
    static func leave(_ event: Int64, in turn: Turn) throws {
        guard event <= turn.leavingUpTo else { return }
        let drop = turn.statements.dropEvent
        drop.bind(1, event)
        if let bytes = try drop.row({ $0.integer(0) }) { turn.journaled(bytes: -(bytes + EventRow.overhead)) }
    }

    private static func insert(
        number: Int64, event: Int64?, queue: Int64, attempt: Int64, generation: Int64, passage: String?, in turn: Turn
    ) throws {
        let add = turn.statements.addDelivery
        add.bind(1, queue)
        add.bind(2, number)
        add.bind(3, event)
        add.bind(4, attempt)
        add.bind(5, generation)
        add.bind(6, passage)
        try add.run()
        turn.enter(queue)
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// What is kept for people: dead letters, parked and unrouted events. One for each event and queue, so that a worker that was killed
/// between a dead letter and its mark does not make a second one.
enum Letters {
    static func keep(event: Int64, in queue: String, _ passage: Passage, in turn: Turn) throws {
        let previous = turn.statements.letterOf
        previous.bind(1, queue)
        previous.bind(2, event)
        let replaced = try previous.row { $0.integer(0) }
        func add(by statement: Statement) throws {
            statement.bind(1, queue)
            statement.bind(2, event)
            statement.bind(3, turn.now.milliseconds)
            statement.bind(4, passage.attempt)
            statement.bind(5, passage.generation)
            statement.bind(6, passage.failureClass)
            statement.bind(7, passage.reason)
            statement.bind(8, PassageText.encode(passage))
            try statement.run()
        }
        try add(by: turn.statements.addLetter)
        if turn.database.changes != 1 { try turn.database.once(placeOfEvent) { try add(by: $0) } }
        if let replaced, replaced != event { try Deliveries.leave(replaced, in: turn) }
    }

    /// The row of the event is gone: what is left to point at is that it was there.
    private static let placeOfEvent = """
        INSERT OR REPLACE INTO letter (queue, source, id, event, kept, type, attempt, generation, class, reason, passage)
        VALUES (?1, 0, 'event ' || ?2, ?2, ?3, '', ?4, ?5, ?6, ?7, ?8)
        """

    /// Removes a letter, if it is still the one that was seen: it may have run and failed again meanwhile.
    static func take(_ letter: Letter, in turn: Turn) throws -> Bool {
        let take = turn.statements.takeLetter
        take.bind(1, letter.tag)
        take.bind(2, letter.queue)
        take.bind(3, letter.passage.generation)
        take.bind(4, letter.kept.milliseconds)
        try take.run()
        return turn.database.changes == 1
    }

    /// Queues whose messages no worker consumes.
    static func isKept(_ queue: String) -> Bool {
        queue == QueueNames.unrouted || queue.hasSuffix(".dead") || queue.hasSuffix(".parked")
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// An event as a row of `event`, and back.
enum EventRow {
    /// What an event takes beside its data, roughly: for the journal's limit by size.
    static let overhead: Int64 = 200

    static func add(_ event: Event, number: Int64, in turn: Turn) throws {
        let add = turn.statements.addEvent
        add.bind(1, number)
        add.bind(2, turn.now.milliseconds)
        add.bind(3, try source(event.source, in: turn))
        add.bind(4, event.id)
        add.bind(5, event.type)
        add.bind(6, event.time?.microseconds)
        add.bind(7, event.subject)
        add.bind(8, event.dataContentType)
        add.bind(9, event.dataSchema)
        add.bind(10, extensions(event.extensions))
        add.bind(11, event.data)
        try add.run()
        turn.journaled(bytes: Int64(event.data.count) + overhead)
    }

    /// Reads the fourteen columns that begin at `first` with `event.number`. A row that is damaged or gone is no event.
    static func read(_ row: Statement, from first: Int32) -> Result<Event, InvalidEvent> {
        guard !row.isNull(first), let source = row.text(first + 2), let id = row.text(first + 3), let type = row.text(first + 4) else {
            return .failure(.malformed("the stored row"))
        }
        var extensions: [String: String] = [:]
        for (name, value) in LineText.fields(row.text(first + 9)) { extensions[name] = value }
        return Result { () throws(InvalidEvent) in
            try Event(
                id: id, source: source, type: type, time: row.optionalInteger(first + 5).map { Timestamp(microseconds: $0) },
                subject: row.text(first + 6), dataContentType: row.text(first + 7), dataSchema: row.text(first + 8),
                extensions: extensions, data: row.bytes(first + 10))
        }
    }

    static let columns = """
        e.number, e.accepted, s.name, e.id, e.type, e.time, e.subject, e.content_type, e.schema, e.extensions, e.data
        """

    private static func extensions(_ extensions: [String: String]) -> String? {
        guard !extensions.isEmpty else { return nil }
        return extensions.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "\n")
    }

    private static func source(_ name: String, in turn: Turn) throws -> Int64 {
        if let known = turn.sources[name] { return known }
        let find = turn.statements.sourceOf
        find.bind(1, name)
        if let found = try find.row({ $0.integer(0) }) {
            turn.remember(source: name, found)
            return found
        }
        let add = turn.statements.addSource
        add.bind(1, name)
        // Not remembered: the transaction may still be rolled back.
        return try add.row { $0.integer(0) } ?? 0
    }
}

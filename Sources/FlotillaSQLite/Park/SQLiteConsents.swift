// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

/// The Consents port on a file. Its statements are prepared when they are needed: parking is rare beside handling.
package struct SQLiteConsents: Consents {
    private let file: SQLiteFile

    package init(_ file: SQLiteFile) {
        self.file = file
    }

    package func epoch() async throws -> Int64 {
        try await file.read { turn in try turn.database.integer("SELECT newest FROM consent_count") ?? 0 }
    }

    package func authorise(_ connection: String) async throws -> Consent {
        let name = try ConnectionName.required(connection)
        return try await file.write { turn in
            let consent = ConsentTable.authorise(name, newest: try ConsentRows.next(in: turn) - 1, now: ConsentRows.now(turn))
            try ConsentRows.write(consent, in: turn)
            return consent
        }
    }

    package func lose(_ connection: String, seen: Int64, parkedIn queue: String) async throws -> Consent {
        let name = try ConnectionName.required(connection)
        return try await file.write { turn in
            let change = ConsentTable.lose(try ConsentRows.consent(of: name, in: turn), seen: seen, now: ConsentRows.now(turn))
            if change.isNew { try ConsentRows.write(change.consent, in: turn) }
            if try change.notesAnew || ConsentRows.version(of: name, in: queue, turn) == nil {
                try ConsentRows.note(name, in: queue, turn)
            }
            return change.consent
        }
    }

    package func standing(of connection: String) async throws -> Consent {
        let name = try ConnectionName.required(connection)
        return try await file.read { turn in try ConsentRows.consent(of: name, in: turn) }
    }

    package func list(after name: String?, limit: Int) async throws -> [Consent] {
        try await file.read { turn in
            let sql = "SELECT name, state, epoch, since FROM connection WHERE name > ?1 ORDER BY name LIMIT ?2"
            return try turn.database.once(sql) { select in
                select.bind(1, name ?? "")
                select.bind(2, limit)
                return try select.rows(ConsentRows.read)
            }
        }
    }

    package func due(in queue: String, after name: String?, limit: Int) async throws -> [Consent] {
        try await file.read { turn in
            let sql = """
                SELECT c.name, c.state, c.epoch, c.since FROM park_note n JOIN connection c ON c.name = n.connection
                WHERE n.queue = ?1 AND n.connection > ?2 AND c.state = ?3 ORDER BY n.connection LIMIT ?4
                """
            return try turn.database.once(sql) { select in
                select.bind(1, queue)
                select.bind(2, name ?? "")
                select.bind(3, Consent.State.authorised.rawValue)
                select.bind(4, limit)
                return try select.rows(ConsentRows.read)
            }
        }
    }

    package func note(of connection: String, in queue: String) async throws -> ParkNote? {
        let name = try ConnectionName.required(connection)
        return try await file.read { turn in
            guard let version = try ConsentRows.version(of: name, in: queue, turn) else { return nil }
            let consent = try ConsentRows.consent(of: name, in: turn)
            return ParkNote(connection: name, queue: queue, epoch: consent.epoch, version: version)
        }
    }

    package func note(_ connection: String, parkedIn queue: String) async throws {
        let name = try ConnectionName.required(connection)
        try await file.write { turn in try ConsentRows.note(name, in: queue, turn) }
    }

    package func drained(_ note: ParkNote) async throws {
        try await file.write { turn in
            guard let version = try ConsentRows.version(of: note.connection, in: note.queue, turn),
                ConsentTable.mayGo(note, stored: version, try ConsentRows.consent(of: note.connection, in: turn))
            else { return }
            try turn.database.once("DELETE FROM park_note WHERE queue = ?1 AND connection = ?2") { drop in
                drop.bind(1, note.queue)
                drop.bind(2, note.connection)
                try drop.run()
            }
        }
    }
}

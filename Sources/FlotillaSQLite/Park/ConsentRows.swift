// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// Rows of `connection`, `park_note` and `consent_count`.
enum ConsentRows {
    /// The next number of the count.
    static func next(in turn: Turn) throws -> Int64 {
        try turn.database.integer("UPDATE consent_count SET newest = newest + 1 RETURNING newest") ?? 0
    }

    /// As precisely as a row keeps it.
    static func now(_ turn: Turn) -> Timestamp { Timestamp(milliseconds: turn.now.milliseconds) }

    static func consent(of name: String, in turn: Turn) throws -> Consent {
        try turn.database.once("SELECT name, state, epoch, since FROM connection WHERE name = ?1") { find in
            find.bind(1, name)
            return try find.row(read) ?? Consent(connection: name)
        }
    }

    static func write(_ consent: Consent, in turn: Turn) throws {
        try turn.database.once("INSERT OR REPLACE INTO connection VALUES (?1, ?2, ?3, ?4)") { write in
            write.bind(1, consent.connection)
            write.bind(2, consent.state.rawValue)
            write.bind(3, consent.epoch)
            write.bind(4, consent.since?.milliseconds ?? 0)
            try write.run()
        }
    }

    static func version(of name: String, in queue: String, _ turn: Turn) throws -> Int64? {
        try turn.database.once("SELECT version FROM park_note WHERE queue = ?1 AND connection = ?2") { find in
            find.bind(1, queue)
            find.bind(2, name)
            return try find.row { $0.integer(0) }
        }
    }

    static func note(_ name: String, in queue: String, _ turn: Turn) throws {
        let version = try next(in: turn)
        try turn.database.once("INSERT OR REPLACE INTO park_note VALUES (?1, ?2, ?3)") { write in
            write.bind(1, queue)
            write.bind(2, name)
            write.bind(3, version)
            try write.run()
        }
    }

    static func read(_ row: Statement) -> Consent {
        Consent(
            connection: row.text(0) ?? "", state: Consent.State(rawValue: Int(row.integer(1))) ?? .unknown, epoch: row.integer(2),
            since: Timestamp(milliseconds: row.integer(3)))
    }
}

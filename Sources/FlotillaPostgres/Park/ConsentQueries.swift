// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// What is asked about connections. Whoever writes locks the connection first, then takes a number from the count, then the note.
enum ConsentQueries {
    static let epoch = Query("consent_epoch", "SELECT newest FROM consent_count")
    static let standing = Query("consent_standing", "SELECT name, state, epoch, since FROM connection WHERE name = $1::text")
    /// With the note of a queue beside it.
    static let glance = Query(
        "consent_glance",
        """
        SELECT c.name, c.state, c.epoch, c.since FROM connection c JOIN park_note n ON n.connection = c.name
        WHERE c.name = $1::text AND n.queue = $2::text
        """)
    static let list = Query(
        "consent_list",
        "SELECT name, state, epoch, since FROM connection WHERE name > $1::text ORDER BY name LIMIT $2::int8")
    static let due = Query(
        "consent_due",
        """
        SELECT c.name, c.state, c.epoch, c.since FROM park_note n JOIN connection c ON c.name = n.connection
        WHERE n.queue = $1::text AND n.connection > $2::text AND c.state = $3::int8 ORDER BY n.connection LIMIT $4::int8
        """)
    static let note = Query(
        "consent_note",
        """
        SELECT n.version, coalesce(c.epoch, 0) FROM park_note n LEFT JOIN connection c ON c.name = n.connection
        WHERE n.connection = $1::text AND n.queue = $2::text
        """)

    /// So that there is something to lock; unknown until the end of the transaction.
    static let add = Query(
        "consent_add", "INSERT INTO connection VALUES ($1::text, 0, 0, clock_timestamp()) ON CONFLICT (name) DO NOTHING")
    static let lock = Query(
        "consent_lock", "SELECT name, state, epoch, since FROM connection WHERE name = $1::text FOR UPDATE")
    static let count = Query("consent_count", "UPDATE consent_count SET newest = newest + 1")
    static let authorise = Query(
        "consent_authorise",
        """
        UPDATE connection SET state = $2::int8, epoch = (SELECT newest FROM consent_count), since = clock_timestamp()
        WHERE name = $1::text RETURNING name, state, epoch, since
        """)
    static let lose = Query(
        "consent_lose",
        "UPDATE connection SET state = $2::int8, since = clock_timestamp() WHERE name = $1::text RETURNING name, state, epoch, since")
    static let version = Query("consent_version", "SELECT version FROM park_note WHERE queue = $2::text AND connection = $1::text")
    static let addNote = Query(
        "consent_add_note",
        """
        INSERT INTO park_note (queue, connection, version) SELECT $2::text, $1::text, newest FROM consent_count
        ON CONFLICT (queue, connection) DO UPDATE SET version = excluded.version
        """)
    static let dropNote = Query(
        "consent_drop_note", "DELETE FROM park_note WHERE queue = $2::text AND connection = $1::text AND version = $3::int8")

    static func read(_ row: Row) -> Consent {
        Consent(
            connection: row.text(0) ?? "", state: Consent.State(rawValue: Int(row.integer(1))) ?? .unknown, epoch: row.integer(2),
            since: row.time(3))
    }
}

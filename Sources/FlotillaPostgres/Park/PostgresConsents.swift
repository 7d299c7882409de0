// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

/// The Consents port on PostgreSQL. Whatever changes anything takes the row of the count first, so that one change comes after the other;
/// what most parked events ask (it is lost, and noted) is only read.
package struct PostgresConsents: Consents {
    private let store: PostgresStore

    package init(_ store: PostgresStore) {
        self.store = store
    }

    package func epoch() async throws -> Int64 {
        let newest = Query("consent_newest", "SELECT newest FROM consent_count")
        return try await store.ask(newest()).first?.integer(0) ?? 0
    }

    package func authorise(_ connection: String) async throws -> Consent {
        let name = try ConnectionName.required(connection)
        let authorise = Query(
            "consent_authorise",
            """
            INSERT INTO connection (name, state, epoch, since) SELECT $1::text, $2::int8, newest, clock_timestamp() FROM consent_count
            ON CONFLICT (name) DO UPDATE SET state = excluded.state, epoch = excluded.epoch, since = excluded.since
            RETURNING name, state, epoch, since
            """)
        let rows = try await store.ask([Self.next(), authorise(.text(name), .integer(Consent.State.authorised.rawValue))])
        return Self.consent(of: name, rows[1])
    }

    package func lose(_ connection: String, seen: Int64, parkedIn queue: String) async throws -> Consent {
        let name = try ConnectionName.required(connection)
        let look = [Self.find(.text(name)), Self.version(.text(queue), .text(name))]
        let known = try await store.ask(look)
        let consent = Self.consent(of: name, known[0])
        if consent.state == .lost, !known[1].isEmpty { return consent }
        return try await store.transaction { transaction in
            let rows = try await transaction.ask([Self.lock()] + look + [Query.now()])
            let now = rows[3].first?.time(0) ?? Timestamp(microseconds: 0)
            let change = ConsentTable.lose(Self.consent(of: name, rows[1]), seen: seen, now: now)
            var calls: [Call] = []
            if change.isNew {
                calls.append(
                    Self.write(
                        .text(name), .integer(change.consent.state.rawValue), .integer(change.consent.epoch),
                        .time(orNull: change.consent.since)))
            }
            if change.notesAnew || rows[2].isEmpty { calls += [Self.next(), Self.note(.text(queue), .text(name))] }
            _ = try await transaction.finish(calls)
            return change.consent
        }
    }

    package func standing(of connection: String) async throws -> Consent {
        let name = try ConnectionName.required(connection)
        return Self.consent(of: name, try await store.ask(Self.find(.text(name))))
    }

    package func list(after name: String?, limit: Int) async throws -> [Consent] {
        let list = Query(
            "consent_list", "SELECT name, state, epoch, since FROM connection WHERE name > $1::text ORDER BY name LIMIT $2::int8")
        return try await store.ask(list(.text(name ?? ""), .integer(limit))).map(Self.read)
    }

    package func due(in queue: String, after name: String?, limit: Int) async throws -> [Consent] {
        let due = Query(
            "consent_due",
            """
            SELECT c.name, c.state, c.epoch, c.since FROM park_note AS n JOIN connection AS c ON c.name = n.connection
            WHERE n.queue = $1::text AND n.connection > $2::text AND c.state = $3::int8 ORDER BY n.connection LIMIT $4::int8
            """)
        let authorised = Parameter.integer(Consent.State.authorised.rawValue)
        return try await store.ask(due(.text(queue), .text(name ?? ""), authorised, .integer(limit))).map(Self.read)
    }

    package func note(of connection: String, in queue: String) async throws -> ParkNote? {
        let name = try ConnectionName.required(connection)
        let find = Query(
            "consent_note_of",
            """
            SELECT n.version, coalesce(c.epoch, 0) FROM park_note AS n LEFT JOIN connection AS c ON c.name = n.connection
            WHERE n.queue = $1::text AND n.connection = $2::text
            """)
        return try await store.ask(find(.text(queue), .text(name))).first.map { row in
            ParkNote(connection: name, queue: queue, epoch: row.integer(1), version: row.integer(0))
        }
    }

    package func note(_ connection: String, parkedIn queue: String) async throws {
        let name = try ConnectionName.required(connection)
        _ = try await store.ask([Self.next(), Self.note(.text(queue), .text(name))])
    }

    package func drained(_ note: ParkNote) async throws {
        // As `ConsentTable.mayGo` says.
        let drop = Query(
            "consent_drained",
            """
            DELETE FROM park_note AS n USING connection AS c WHERE n.queue = $1::text AND n.connection = $2::text AND n.version = $3::int8
                AND c.name = n.connection AND c.state = $4::int8 AND c.epoch = $5::int8
            """)
        _ = try await store.ask([
            Self.lock(),
            drop(
                .text(note.queue), .text(note.connection), .integer(note.version), .integer(Consent.State.authorised.rawValue),
                .integer(note.epoch)),
        ])
    }

    // MARK: Statements

    private static let lock = Query("consent_lock", "SELECT newest FROM consent_count FOR UPDATE")
    private static let next = Query("consent_next", "UPDATE consent_count SET newest = newest + 1")
    private static let find = Query("consent_find", "SELECT name, state, epoch, since FROM connection WHERE name = $1::text")
    private static let version = Query(
        "consent_version", "SELECT version FROM park_note WHERE queue = $1::text AND connection = $2::text")
    private static let write = Query(
        "consent_write",
        """
        INSERT INTO connection (name, state, epoch, since) VALUES ($1::text, $2::int8, $3::int8, coalesce($4::timestamptz, now()))
        ON CONFLICT (name) DO UPDATE SET state = excluded.state, epoch = excluded.epoch, since = excluded.since
        """)
    private static let note = Query(
        "consent_note",
        """
        INSERT INTO park_note (queue, connection, version) SELECT $1::text, $2::text, newest FROM consent_count
        ON CONFLICT (queue, connection) DO UPDATE SET version = excluded.version
        """)

    private static func consent(of name: String, _ rows: Rows) -> Consent { rows.first.map(read) ?? Consent(connection: name) }

    private static func read(_ row: Row) -> Consent {
        Consent(
            connection: row.text(0) ?? "", state: Consent.State(rawValue: Int(row.integer(1))) ?? .unknown, epoch: row.integer(2),
            since: row.time(3))
    }
}

// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

/// The Consents port on PostgreSQL.
package struct PostgresConsents: Consents {
    private let store: PostgresStore

    package init(_ store: PostgresStore) {
        self.store = store
    }

    package func epoch() async throws -> Int64 { try await store.ask(ConsentQueries.epoch()).first?.integer(0) ?? 0 }

    package func authorise(_ connection: String) async throws -> Consent {
        let name = try ConnectionName.required(connection)
        let rows = try await store.ask([
            ConsentQueries.add(.text(name)), ConsentQueries.lock(.text(name)), ConsentQueries.count(),
            ConsentQueries.authorise(.text(name), .integer(Consent.State.authorised.rawValue)),
        ])
        return rows.last?.first.map(ConsentQueries.read) ?? Consent(connection: name)
    }

    package func lose(_ connection: String, seen: Int64, parkedIn queue: String) async throws -> Consent {
        let name = try ConnectionName.required(connection)
        // Most events of a lost connection find that all has been said: then nothing is locked or written.
        let glance = try await store.ask(ConsentQueries.glance(.text(name), .text(queue))).first.map(ConsentQueries.read)
        if let glance, glance.state == .lost { return glance }
        return try await store.transaction { transaction in
            let rows = try await transaction.ask([
                ConsentQueries.add(.text(name)), ConsentQueries.lock(.text(name)), ConsentQueries.version(.text(name), .text(queue)),
            ])
            let known = rows[1].first.map(ConsentQueries.read) ?? Consent(connection: name)
            let change = ConsentTable.lose(known, seen: seen, now: known.since ?? Timestamp(microseconds: 0))
            var calls: [Call] = []
            if change.isNew { calls.append(ConsentQueries.lose(.text(name), .integer(change.consent.state.rawValue))) }
            if change.notesAnew || rows[2].isEmpty {
                calls += [ConsentQueries.count(), ConsentQueries.addNote(.text(name), .text(queue))]
            }
            let written = try await transaction.finish(calls)
            return change.isNew ? written.first?.first.map(ConsentQueries.read) ?? change.consent : change.consent
        }
    }

    package func standing(of connection: String) async throws -> Consent {
        let name = try ConnectionName.required(connection)
        return try await store.ask(ConsentQueries.standing(.text(name))).first.map(ConsentQueries.read) ?? Consent(connection: name)
    }

    package func list(after name: String?, limit: Int) async throws -> [Consent] {
        try await store.ask(ConsentQueries.list(.text(name ?? ""), .integer(limit))).map(ConsentQueries.read)
    }

    package func due(in queue: String, after name: String?, limit: Int) async throws -> [Consent] {
        let due = ConsentQueries.due(
            .text(queue), .text(name ?? ""), .integer(Consent.State.authorised.rawValue), .integer(limit))
        return try await store.ask(due).map(ConsentQueries.read)
    }

    package func note(of connection: String, in queue: String) async throws -> ParkNote? {
        let name = try ConnectionName.required(connection)
        return try await store.ask(ConsentQueries.note(.text(name), .text(queue))).first.map {
            ParkNote(connection: name, queue: queue, epoch: $0.integer(1), version: $0.integer(0))
        }
    }

    package func note(_ connection: String, parkedIn queue: String) async throws {
        let name = try ConnectionName.required(connection)
        _ = try await store.ask([ConsentQueries.count(), ConsentQueries.addNote(.text(name), .text(queue))])
    }

    package func drained(_ note: ParkNote) async throws {
        try await store.transaction { transaction in
            // The note is looked at by a later statement: whoever had the connection before us may have changed it.
            let rows = try await transaction.ask([
                ConsentQueries.lock(.text(note.connection)), ConsentQueries.version(.text(note.connection), .text(note.queue)),
            ])
            guard let consent = rows[0].first.map(ConsentQueries.read), let version = rows[1].first?.integer(0),
                ConsentTable.mayGo(note, stored: version, consent)
            else { return }
            _ = try await transaction.finish([
                ConsentQueries.dropNote(.text(note.connection), .text(note.queue), .integer(version))
            ])
        }
    }
}

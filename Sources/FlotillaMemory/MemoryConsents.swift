// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel
package import FlotillaRuntime
internal import Synchronization

/// The Consents port in memory, for tests of whatever needs one: gone with the process.
package final class MemoryConsents: Consents {
    private struct Place: Hashable {
        let queue: String
        let connection: String
    }

    private struct State {
        var newest: Int64 = 0
        var known: [String: Consent] = [:]
        var notes: [Place: Int64] = [:]
        var away: String?

        mutating func note(_ place: Place) {
            newest += 1
            notes[place] = newest
        }

        func consent(of name: String) -> Consent { known[name] ?? Consent(connection: name) }
    }

    private let state = Mutex(State())
    private let clock: any WallClock

    package init(clock: any WallClock) {
        self.clock = clock
    }

    /// From now on every call throws; nil ends it.
    package func fail(because why: String?) { state.withLock { $0.away = why } }

    package func epoch() async throws -> Int64 { try change { $0.newest } }

    package func authorise(_ connection: String) async throws -> Consent {
        let name = try ConnectionName.required(connection)
        return try change { state in
            let consent = ConsentTable.authorise(name, newest: state.newest, now: clock.now)
            state.newest = consent.epoch
            state.known[name] = consent
            return consent
        }
    }

    package func lose(_ connection: String, seen: Int64, parkedIn queue: String) async throws -> Consent {
        let name = try ConnectionName.required(connection)
        return try change { state in
            let place = Place(queue: queue, connection: name)
            let change = ConsentTable.lose(state.consent(of: name), seen: seen, now: clock.now)
            if change.isNew { state.known[name] = change.consent }
            if change.notesAnew || state.notes[place] == nil { state.note(place) }
            return change.consent
        }
    }

    package func standing(of connection: String) async throws -> Consent {
        let name = try ConnectionName.required(connection)
        return try change { $0.consent(of: name) }
    }

    package func list(after name: String?, limit: Int) async throws -> [Consent] {
        try change { Self.page($0.known.values, after: name, limit: limit) }
    }

    package func due(in queue: String, after name: String?, limit: Int) async throws -> [Consent] {
        try change { state in
            let noted = state.notes.keys.filter { $0.queue == queue }.map { state.consent(of: $0.connection) }
            return Self.page(noted.filter { $0.state == .authorised }, after: name, limit: limit)
        }
    }

    package func note(of connection: String, in queue: String) async throws -> ParkNote? {
        let name = try ConnectionName.required(connection)
        return try change { state in
            state.notes[Place(queue: queue, connection: name)].map {
                ParkNote(connection: name, queue: queue, epoch: state.consent(of: name).epoch, version: $0)
            }
        }
    }

    package func note(_ connection: String, parkedIn queue: String) async throws {
        let name = try ConnectionName.required(connection)
        try change { $0.note(Place(queue: queue, connection: name)) }
    }

    package func drained(_ note: ParkNote) async throws {
        try change { state in
            let place = Place(queue: note.queue, connection: note.connection)
            guard let version = state.notes[place] else { return }
            if ConsentTable.mayGo(note, stored: version, state.consent(of: note.connection)) { state.notes[place] = nil }
        }
    }

    private static func page(_ consents: some Sequence<Consent>, after name: String?, limit: Int) -> [Consent] {
        let behind = consents.filter { consent in name.map { consent.connection > $0 } ?? true }
        return Array(behind.sorted { $0.connection < $1.connection }.prefix(limit))
    }

    private func change<Value>(_ body: (inout State) throws -> Value) throws -> Value {
        try state.withLock { state in
            if let away = state.away { throw MemoryFailure(description: away) }
            return try body(&state)
        }
    }
}

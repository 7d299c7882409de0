// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// The port that remembers which connections are authorised, and in which parks events wait for them.
///
/// - **Epochs**: each authorisation gets the next number of one count for the whole store. What a run sees of a connection it saw under
///   the newest number that was known when it began: a connection with a larger one was authorised since, and what the run found
///   out of it is no news. No clock of a process takes part.
/// - **No lost race**: `lose` is refused when the connection was authorised after `seen`. Whoever is refused lets its events go on.
/// - **Notes**: `lose` also notes that events of the connection are in the park of a queue, refused or not, before it returns. A note goes
///   when somebody has looked through the park, found nothing more, and nothing was noted or changed since: `drained`. So a note may
///   stand for a park that is empty, but no park that has events in it is without one for long: whoever parks notes it before it marks.
/// - **Names** are those of `ConnectionName`: it is applied here, so that every caller may use what a handler said.
/// - **Durable**: what a call promised is there after a crash, and seen by every process that asks from then on.
/// - **Threading**: called from many tasks at once. **Failure**: a store that is away makes calls throw; nothing is half written.
package protocol Consents: Sendable {
    /// The newest number of the count, 0 before the first: whatever is authorised from now on gets a larger one.
    func epoch() async throws -> Int64

    /// Its consent is there, from now on.
    func authorise(_ connection: String) async throws -> Consent

    /// A run that began when `seen` was the newest epoch found the consent gone, and its event is in the park of this queue.
    /// Answers what stands now: lost, or authorised since.
    func lose(_ connection: String, seen: Int64, parkedIn queue: String) async throws -> Consent

    /// Unknown for one that nobody has spoken of.
    func standing(of connection: String) async throws -> Consent

    /// All that are known, by their names, from behind `name`.
    func list(after name: String?, limit: Int) async throws -> [Consent]

    /// Those that are authorised and have a note in this queue, by their names, from behind `name`.
    func due(in queue: String, after name: String?, limit: Int) async throws -> [Consent]

    /// The note of a connection in a queue; nil when there is none.
    func note(of connection: String, in queue: String) async throws -> ParkNote?

    /// Makes a note, for what was parked without one.
    func note(_ connection: String, parkedIn queue: String) async throws

    /// The park of the queue was looked through after this note was read, and holds nothing of its connection: the note goes, unless it or
    /// the connection has changed.
    func drained(_ note: ParkNote) async throws
}

/// What is known of a connection.
package struct Consent: Sendable, Equatable {
    package enum State: Int, Sendable, Equatable {
        case unknown, authorised, lost

        package var name: String {
            switch self {
            case .unknown: "unknown"
            case .authorised: "authorised"
            case .lost: "lost"
            }
        }
    }

    package let connection: String
    package var state: State
    /// Of its last authorisation; 0 before the first.
    package var epoch: Int64
    /// When it became what it is, by the store's clock.
    package var since: Timestamp?

    package init(connection: String, state: State = .unknown, epoch: Int64 = 0, since: Timestamp? = nil) {
        self.connection = connection
        self.state = state
        self.epoch = epoch
        self.since = since
    }

    /// Authorised after a run had begun that saw `seen`.
    package func isAuthorised(since seen: Int64) -> Bool { state == .authorised && epoch > seen }
}

/// That a park may hold events of a connection, as it was read: under which authorisation, and by a number that each noting takes anew
/// from the count of epochs, so that none comes twice.
package struct ParkNote: Sendable, Equatable {
    package let connection: String
    package let queue: String
    package let epoch: Int64
    package let version: Int64

    package init(connection: String, queue: String, epoch: Int64, version: Int64) {
        self.connection = connection
        self.queue = queue
        self.epoch = epoch
        self.version = version
    }
}

/// What each call writes. Pure, and the same for every adapter.
package enum ConsentTable {
    /// - Parameter newest: the newest number of the count.
    package static func authorise(_ connection: String, newest: Int64, now: Timestamp) -> Consent {
        Consent(connection: connection, state: .authorised, epoch: newest + 1, since: now)
    }

    /// - Returns: what stands from now on; whether it must be written; whether the note must be counted on.
    package static func lose(_ known: Consent, seen: Int64, now: Timestamp) -> (consent: Consent, isNew: Bool, notesAnew: Bool) {
        // Somebody may be looking through the park for it right now, and may have been past the place of this event already.
        if known.isAuthorised(since: seen) { return (known, false, true) }
        guard known.state != .lost else { return (known, false, false) }
        return (Consent(connection: known.connection, state: .lost, epoch: known.epoch, since: now), true, false)
    }

    /// Whether a note that was read may go, now that nothing was found for it.
    package static func mayGo(_ note: ParkNote, stored version: Int64, _ consent: Consent) -> Bool {
        consent.state == .authorised && consent.epoch == note.epoch && version == note.version
    }
}

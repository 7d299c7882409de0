// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// Our own headers: what the fleet remembers of an event on its way. Every republication starts from these alone.
package struct Passage: Sendable, Equatable {
    /// From 1; the next one is spent only on a real failure.
    package var attempt: Int
    /// Copies that spent no attempt: the service had asked to wait.
    package var deferrals = 0
    /// Grows with each replay by a person, so that the ledger lets the event run again.
    package var generation: Int
    package var firstFailedAt: Timestamp?
    /// The queue where it failed.
    package var origin: String?
    package var failureClass: String?
    package private(set) var reason: String?
    /// Whose consent it waits for, by its plain name.
    package private(set) var connection: String?
    package var replayedFrom: String?

    package static let reasonLimit = 2048

    package init(attempt: Int = 1, generation: Int = 0) {
        self.attempt = attempt
        self.generation = generation
    }

    /// Grows with every copy that the ledger is told of: by it an older copy is known, and acknowledged.
    package var round: Int { attempt + deferrals }

    package mutating func blame(_ cause: Failure, in queue: String, now: Timestamp) {
        origin = queue
        failureClass = cause.kind.name
        set(reason: cause.reason)
        if firstFailedAt == nil { firstFailedAt = now }
        if case .unauthorized(let name) = cause.kind { set(connection: name) }
    }

    package mutating func set(connection name: String?) { connection = ConnectionName.plain(name) }

    /// Cut at a whole character, so that what is kept is still valid text; control characters become spaces.
    package mutating func set(reason text: String?) {
        guard let text else {
            reason = nil
            return
        }
        var kept = ""
        for character in text {
            guard kept.utf8.count + character.utf8.count <= Self.reasonLimit else { break }
            kept.append(character.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } ? character : " ")
        }
        reason = kept
    }
}

// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// Our own headers: what the fleet remembers of an event on its way. Every republication starts from these alone.
package struct Passage: Sendable, Equatable {
    /// From 1; the next one is spent only on a real failure.
    package var attempt: Int
    /// Grows with each replay by a person, so that the ledger lets the event run again.
    package var generation: Int
    package var firstFailedAt: Timestamp?
    /// The queue where it failed.
    package var origin: String?
    package var failureClass: String?
    /// Cut at 2 KB.
    package private(set) var reason: String?
    package var connection: String?
    package var replayedFrom: String?

    package static let reasonLimit = 2048

    package init(attempt: Int = 1, generation: Int = 0) {
        self.attempt = attempt
        self.generation = generation
    }

    package mutating func blame(_ cause: Failure, in queue: String, now: Timestamp) {
        origin = queue
        failureClass = cause.kind.name
        set(reason: cause.reason)
        if firstFailedAt == nil { firstFailedAt = now }
        if case .unauthorized(let name) = cause.kind { connection = name }
    }

    package mutating func set(reason text: String?) {
        guard let text, text.utf8.count > Self.reasonLimit else {
            reason = text
            return
        }
        // Cut at a whole character, so that what is kept is still valid text.
        var end = text.startIndex
        while end < text.endIndex {
            let next = text.index(after: end)
            guard text.utf8.distance(from: text.startIndex, to: next) <= Self.reasonLimit else { break }
            end = next
        }
        reason = String(text[..<end])
    }
}

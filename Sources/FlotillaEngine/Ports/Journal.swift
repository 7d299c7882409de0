// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// The journal as operators read it: every accepted event, for as long as it is kept, about in the order of acceptance. An event whose
/// sender never heard that it was accepted may be in it, too.
///
/// It is read in parts, so that a journal of any size takes little memory: from a place, up to the end that it had when the reading
/// began. Reading takes nothing away and holds nothing up. What is pruned meanwhile is passed over.
package protocol JournalInspection: Sendable {
    /// The place of the last entry as it is now; nil when there is none. Refused when no journal is kept.
    func journalEnd() async throws -> JournalPlace?

    /// Where the journal begins as it is now; nil when nothing is in it. Refused when no journal is kept.
    func journalBegin() async throws -> JournalBegin?

    /// What stands behind `start`, up to `end` and including it: some of it, the first part. Entries that are older than `since` may be
    /// left out without being looked at.
    func journalPart(behind start: JournalPlace?, upTo end: JournalPlace, since: Timestamp?) async throws -> JournalPart
}

/// The adapter's own name for a place in the journal: larger further on.
package struct JournalPlace: Sendable, Equatable {
    package let number: Int64

    package init(number: Int64) {
        self.number = number
    }
}

/// The oldest of what the journal still has.
package struct JournalBegin: Sendable, Equatable {
    package let accepted: Timestamp
    /// There was more before it, and it has left.
    package let isCut: Bool

    package init(accepted: Timestamp, isCut: Bool) {
        self.accepted = accepted
        self.isCut = isCut
    }
}

/// An event and when it was accepted, by the clock of whoever accepted it.
package struct JournalEntry: Sendable, Equatable {
    package let event: Event
    package let accepted: Timestamp

    package init(event: Event, accepted: Timestamp) {
        self.event = event
        self.accepted = accepted
    }
}

package struct JournalPart: Sendable, Equatable {
    package var entries: [JournalEntry] = []
    /// What was there and can't be read.
    package var unreadable = 0
    /// Where the next part begins; nil at the end.
    package var next: JournalPlace?

    package init() {}

    /// What a part holds at most: whoever has reached one of them goes on in the next part.
    package static let entryLimit = 1000
    package static let byteLimit = 4 << 20
    /// How far the clocks of those who accept events may be apart, before `since` misses one.
    package static let clockMargin = Duration.seconds(300)
}

/// Which entries are meant. What is nil matches everything.
package struct JournalFilter: Sendable, Equatable {
    package var id: String?
    package var type: TopicPattern?
    package var source: String?
    package var tenant: String?
    package var since: Timestamp?
    package var until: Timestamp?

    package init() {}

    package func matches(_ entry: JournalEntry) -> Bool {
        if let id, entry.event.id != id { return false }
        if let type, !type.matches(entry.event.type) { return false }
        if let source, entry.event.source != source { return false }
        if let tenant, entry.event.tenant != tenant { return false }
        if let since, entry.accepted < since { return false }
        if let until, entry.accepted >= until { return false }
        return true
    }
}

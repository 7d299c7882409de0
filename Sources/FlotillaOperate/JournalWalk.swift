// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

/// One reading of the journal, from a point in time to the end that it has when the reading begins: what comes in meanwhile is not
/// waited for. A part at a time is in memory.
package struct JournalWalk: Sendable {
    private let journal: any JournalInspection
    private let filter: JournalFilter

    package init(_ journal: any JournalInspection, matching filter: JournalFilter) {
        self.journal = journal
        self.filter = filter
    }

    /// Calls `body` with what matches, oldest part first, and with nothing where nothing does. Answers how many entries can't be read.
    package func run(_ body: ([JournalEntry]) async throws -> Void) async throws -> Int {
        guard let end = try await journal.journalEnd() else { return 0 }
        return try await run(upTo: end, body)
    }

    /// To an end that the caller knows from before, so that several readings see the same.
    package func run(upTo end: JournalPlace, _ body: ([JournalEntry]) async throws -> Void) async throws -> Int {
        var unreadable = 0
        var place: JournalPlace?
        repeat {
            try Task.checkCancellation()
            let part = try await journal.journalPart(behind: place, upTo: end, since: filter.since)
            unreadable += part.unreadable
            try await body(part.entries.filter(filter.matches))
            place = isPast(part) ? nil : part.next
        } while place != nil
        return unreadable
    }

    /// Entries are only about in their order: the clocks of several ingresses are never quite the same.
    private func isPast(_ part: JournalPart) -> Bool {
        guard let until = filter.until, let first = part.entries.first else { return false }
        return first.accepted - until > JournalPart.clockMargin
    }
}

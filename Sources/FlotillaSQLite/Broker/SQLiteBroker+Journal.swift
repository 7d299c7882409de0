// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
package import FlotillaModel

/// The events themselves are the journal, by their numbers. Those up to `pruned_to` have left it, and stay only for what refers to them.
extension SQLiteBroker: JournalInspection {
    package func journalEnd() async throws -> JournalPlace? {
        try await file.read { turn in
            try Self.expectJournal(turn)
            let sql = "SELECT number FROM event WHERE number > (SELECT pruned_to FROM state) ORDER BY number DESC LIMIT 1"
            return try turn.database.integer(sql).map { JournalPlace(number: $0) }
        }
    }

    package func journalBegin() async throws -> JournalBegin? {
        try await file.read { turn in
            try Self.expectJournal(turn)
            let cut = try turn.database.integer("SELECT pruned_to FROM state") ?? 0
            let oldest = try turn.statements.oldestEvent(after: cut)
            return oldest.map { JournalBegin(accepted: Timestamp(milliseconds: $0.accepted), isCut: cut > 0) }
        }
    }

    package func journalPart(behind start: JournalPlace?, upTo end: JournalPlace, since: Timestamp?) async throws -> JournalPart {
        try await file.read { turn in
            var first = try turn.database.integer("SELECT pruned_to FROM state") ?? 0
            if let start { first = max(first, start.number) }
            if start == nil, let since {
                first = try Self.last(before: since - JournalPart.clockMargin, from: first, to: end.number, turn)
            }
            return try Self.part(behind: first, upTo: end.number, turn)
        }
    }

    private static func expectJournal(_ turn: Turn) throws {
        guard !turn.journal.isOff else { throw BrokerFailure(.refused, "no journal is kept: FLOTILLA_JOURNAL is off") }
    }

    private static func part(behind first: Int64, upTo end: Int64, _ turn: Turn) throws -> JournalPart {
        let sql = """
            SELECT \(EventRow.columns) FROM event e LEFT JOIN source s ON s.id = e.source
            WHERE e.number > ?1 AND e.number <= ?2 ORDER BY e.number
            """
        return try turn.database.once(sql) { select in
            select.bind(1, first)
            select.bind(2, end)
            var part = JournalPart()
            var bytes = 0
            while try select.step() {
                switch EventRow.read(select, from: 0) {
                case .success(let event):
                    part.entries.append(JournalEntry(event: event, accepted: Timestamp(milliseconds: select.integer(1))))
                    bytes += event.data.count
                case .failure:
                    part.unreadable += 1
                }
                if part.entries.count + part.unreadable >= JournalPart.entryLimit || bytes >= JournalPart.byteLimit {
                    part.next = select.integer(0) < end ? JournalPlace(number: select.integer(0)) : nil
                    break
                }
            }
            return part
        }
    }

    /// A number before everything that was accepted from `moment` on: times grow with the numbers, so that it is found by halving.
    private static func last(before moment: Timestamp, from first: Int64, to end: Int64, _ turn: Turn) throws -> Int64 {
        try turn.database.once("SELECT accepted FROM event WHERE number > ?1 AND number <= ?2 ORDER BY number LIMIT 1") { select in
            var low = first
            var high = end
            while low < high {
                let middle = low + (high - low + 1) / 2
                select.bind(1, middle)
                select.bind(2, end)
                let accepted = try select.row { $0.integer(0) }
                if let accepted, accepted < moment.milliseconds { low = middle } else { high = middle - 1 }
            }
            return low
        }
    }
}

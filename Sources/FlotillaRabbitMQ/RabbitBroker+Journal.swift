// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
package import FlotillaModel

/// A place in the journal is an offset of its stream: that of a message, which holds the events of a turn.
extension RabbitBroker: JournalInspection {
    package func journalEnd() async throws -> JournalPlace? {
        let journal = names.journal
        return try await setup.ask { link in
            try Self.expect(journal, link)
            return try StreamReading(link).end(of: journal).map { JournalPlace(number: $0) }
        }
    }

    package func journalBegin() async throws -> JournalBegin? {
        let journal = names.journal
        return try await setup.ask { link in
            try Self.expect(journal, link)
            var begin: JournalBegin?
            _ = try StreamReading(link).read(journal, from: .first) { item in
                // One that can't be read may be as old as any.
                let accepted = JournalReading.accepted(item) ?? Timestamp(microseconds: 0)
                begin = JournalBegin(accepted: accepted, isCut: item.offset > 0)
                return false
            }
            return begin
        }
    }

    private static func expect(_ journal: String, _ link: Link) throws {
        guard try Declaring(link).look(at: journal) != nil else {
            throw BrokerFailure(.refused, "no journal is kept on this broker: there is no stream \(journal)")
        }
    }

    package func journalPart(behind start: JournalPlace?, upTo end: JournalPlace, since: Timestamp?) async throws -> JournalPart {
        let journal = names.journal
        return try await setup.ask { link in
            func part(from start: StreamReading.Start) throws -> JournalPart? {
                var reading = JournalReading(end: end.number)
                let found = try StreamReading(link).read(journal, from: start) { reading.take($0) }
                return found ? reading.part : nil
            }
            if let start { return try part(from: .offset(start.number + 1)) ?? JournalPart() }
            if let since {
                let moment = since - JournalPart.clockMargin
                if let found = try part(from: .moment(moment)) { return found }
                // Nothing is that new by the broker's clock. By ours?
                var last: Timestamp?
                _ = try StreamReading(link).read(journal, from: .offset(end.number)) { item in
                    last = JournalReading.accepted(item)
                    return false
                }
                if let last, last < moment { return JournalPart() }
            }
            return try part(from: .first) ?? JournalPart()
        }
    }
}

/// One part of the journal while it is read: whole messages, up to the limits of a part or the end.
private struct JournalReading {
    let end: Int64
    private(set) var part = JournalPart()
    private var bytes = 0

    init(end: Int64) {
        self.end = end
    }

    /// Whether there is room for more, and more to come.
    mutating func take(_ item: StreamReading.Item) -> Bool {
        guard item.offset <= end else { return false }
        bytes += item.body.count
        if let entries = Self.entries(item) { part.entries += entries } else { part.unreadable += 1 }
        guard item.offset < end else {
            part.next = nil
            return false
        }
        part.next = JournalPlace(number: item.offset)
        return part.entries.count < JournalPart.entryLimit && bytes < JournalPart.byteLimit
    }

    static func accepted(_ item: StreamReading.Item) -> Timestamp? {
        item.headers.value(of: HeaderNames.first).flatMap { HeaderTable.text($0) }.flatMap { Timestamp($0) }
    }

    /// Nil when it is not as we write it.
    private static func entries(_ item: StreamReading.Item) -> [JournalEntry]? {
        guard let accepted = accepted(item), let events = try? Event.batch(json: Array(item.body), limit: item.body.count) else {
            return nil
        }
        return events.map { JournalEntry(event: $0, accepted: accepted) }
    }
}

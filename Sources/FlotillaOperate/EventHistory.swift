// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
package import FlotillaModel

/// The life of one event: when it was accepted, and what became of it for each consumer that has heard of it.
package struct EventHistory: Sendable {
    /// Once for each time that its sender sent it.
    package struct Acceptance: Sendable, Equatable {
        package let at: Timestamp
        package let source: String
        package let type: String
    }

    package struct Line: Sendable {
        package let consumer: String
        package let source: String
        package let entry: LedgerEntry
    }

    /// None when it has left the journal, or none is kept.
    package let acceptances: [Acceptance]
    package let lines: [Line]
    /// Where it is kept for a person.
    package let letters: [Letter]

    package var isEmpty: Bool { acceptances.isEmpty && lines.isEmpty && letters.isEmpty }

    /// How long an event waits at most, usually, before a worker takes it for the first time: as much of the journal is read first.
    private static let usualWait = Duration.seconds(86_400)

    /// The ledger knows hashes of consumer, source and id. There are few consumers and few sources, so all are tried: those that the
    /// broker has seen; where it does not know them those of the `hooks`, of the letters with this id, and then of the journal.
    package static func find(
        id: String, source: String?, hooks: [String], broker: any BrokerInspection & JournalInspection, ledger: any LedgerInspection
    ) async throws -> EventHistory {
        let queues = try await broker.queues().map(\.name).filter { $0 != QueueNames.delayed }
        let letters = try await letters(id: id, source: source, queues: queues, broker)
        func lines(_ sources: some Sequence<String>) async throws -> [Line] {
            var lines: [Line] = []
            for queue in queues {
                for source in sources {
                    let key = try LedgerKey(consumer: queue, source: source, id: id)
                    if let entry = try await ledger.entry(for: key) { lines.append(Line(consumer: queue, source: source, entry: entry)) }
                }
            }
            return lines
        }
        func history(_ lines: [Line]) async throws -> EventHistory {
            let first = lines.map(\.entry.claimed).min().map { $0 - usualWait }
            var accepted = try await acceptances(id: id, source: source, since: first, broker)
            if accepted.isEmpty, first != nil { accepted = try await acceptances(id: id, source: source, since: nil, broker) }
            return EventHistory(acceptances: accepted, lines: lines, letters: letters)
        }
        if let source { return try await history(lines([source])) }
        if let known = try await broker.sources() { return try await history(lines(known)) }
        let likely = Set(hooks + letters.compactMap { try? $0.content.get().source })
        let found = try await lines(likely.sorted())
        guard found.isEmpty else { return try await history(found) }
        let accepted = try await acceptances(id: id, source: nil, since: nil, broker)
        let others = Set(accepted.map(\.source)).subtracting(likely)
        return EventHistory(acceptances: accepted, lines: try await lines(others.sorted()), letters: letters)
    }

    private static func letters(
        id: String, source: String?, queues: [String], _ broker: any BrokerInspection
    ) async throws -> [Letter] {
        var letters: [Letter] = []
        var filter = LetterFilter()
        filter.id = id
        for queue in queues {
            let kept = queue == QueueNames.unrouted ? [queue] : [QueueNames.dead(queue), QueueNames.parked(queue)]
            for name in kept {
                letters += try await broker.letters(in: name, matching: filter, limit: 100).filter { $0.isOf(source) }
            }
        }
        return letters
    }

    private static func acceptances(
        id: String, source: String?, since: Timestamp?, _ journal: any JournalInspection
    ) async throws -> [Acceptance] {
        var filter = JournalFilter()
        filter.id = id
        filter.source = source
        filter.since = since
        var found: [Acceptance] = []
        do {
            _ = try await JournalWalk(journal, matching: filter).run { entries in
                found += entries.map { Acceptance(at: $0.accepted, source: $0.event.source, type: $0.event.type) }
            }
        } catch let failure as BrokerFailure where failure.kind == .refused {}
        return found
    }
}

extension Letter {
    /// Nil means any source. A letter that is no event has none to tell.
    fileprivate func isOf(_ source: String?) -> Bool {
        guard let source, case .success(let event) = content else { return true }
        return event.source == source
    }
}

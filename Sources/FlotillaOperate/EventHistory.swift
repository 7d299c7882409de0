// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

/// What became of one event, for each consumer that has heard of it.
package struct EventHistory: Sendable {
    package struct Line: Sendable {
        package let consumer: String
        package let source: String
        package let entry: LedgerEntry
    }

    package let lines: [Line]
    /// Where it is kept for a person.
    package let letters: [Letter]

    package var isEmpty: Bool { lines.isEmpty && letters.isEmpty }

    /// The ledger knows hashes of consumer, source and id. There are few consumers and few sources, so all are tried: those that the
    /// broker has seen; where it does not know them those of the `hooks`, of the letters with this id, and then of the journal.
    package static func find(
        id: String, source: String?, hooks: [String], broker: any BrokerInspection & JournalInspection, ledger: any LedgerInspection
    ) async throws -> EventHistory {
        let queues = try await broker.queues().map(\.name).filter { $0 != QueueNames.delayed }
        let letters = try await letters(id: id, source: source, queues: queues, broker)
        func lines(_ sources: some Sequence<String>) async throws -> [Line] {
            var lines: [Line] = []
            for queue in queues where queue != QueueNames.unrouted {
                for source in sources {
                    let key = try LedgerKey(consumer: queue, source: source, id: id)
                    if let entry = try await ledger.entry(for: key) { lines.append(Line(consumer: queue, source: source, entry: entry)) }
                }
            }
            return lines
        }
        if let source { return EventHistory(lines: try await lines([source]), letters: letters) }
        if let known = try await broker.sources() { return EventHistory(lines: try await lines(known), letters: letters) }
        let likely = Set(hooks + letters.compactMap { try? $0.content.get().source })
        var found = try await lines(likely.sorted())
        if found.isEmpty { found = try await lines(journaled(id: id, broker).subtracting(likely).sorted()) }
        return EventHistory(lines: found, letters: letters)
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

    /// The sources of the events with this id that are in the journal; none when there is no journal.
    private static func journaled(id: String, _ journal: any JournalInspection) async throws -> Set<String> {
        var filter = JournalFilter()
        filter.id = id
        var sources: Set<String> = []
        do {
            _ = try await JournalWalk(journal, matching: filter).run { sources.formUnion($0.map(\.event.source)) }
        } catch let failure as BrokerFailure where failure.kind == .refused {}
        return sources
    }
}

extension Letter {
    /// Nil means any source. A letter that is no event has none to tell.
    fileprivate func isOf(_ source: String?) -> Bool {
        guard let source, case .success(let event) = content else { return true }
        return event.source == source
    }
}

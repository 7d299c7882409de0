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

    /// The ledger knows hashes of consumer, source and id. There are few consumers and few sources, so all are tried.
    package static func find(
        id: String, source: String?, broker: any BrokerInspection, ledger: any LedgerInspection
    ) async throws -> EventHistory {
        let queues = try await broker.queues().map(\.name)
        let sources = if let source { [source] } else { try await broker.sources() }
        var lines: [Line] = []
        var letters: [Letter] = []
        var filter = LetterFilter()
        filter.id = id
        for queue in queues {
            for source in sources where queue != QueueNames.unrouted {
                let key = try LedgerKey(consumer: queue, source: source, id: id)
                if let entry = try await ledger.entry(for: key) { lines.append(Line(consumer: queue, source: source, entry: entry)) }
            }
            let kept = queue == QueueNames.unrouted ? [queue] : [QueueNames.dead(queue), QueueNames.parked(queue)]
            for name in kept {
                letters += try await broker.letters(in: name, matching: filter, limit: 100).filter { $0.isOf(source) }
            }
        }
        return EventHistory(lines: lines, letters: letters)
    }
}

extension Letter {
    /// Nil means any source. A letter that is no event has none to tell.
    fileprivate func isOf(_ source: String?) -> Bool {
        guard let source, case .success(let event) = content else { return true }
        return event.source == source
    }
}

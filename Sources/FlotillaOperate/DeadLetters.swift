// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

/// What a person does with letters: look at them, let them run again, or put them away for good.
package struct DeadLetters: Sendable {
    private let broker: any Broker & BrokerInspection
    private let ledger: any Ledger & LedgerInspection
    /// How many are changed at once: the unit of `--rate`, and what an interruption can leave half done.
    package static let batch = 100

    package init(broker: any Broker & BrokerInspection, ledger: any Ledger & LedgerInspection) {
        self.broker = broker
        self.ledger = ledger
    }

    /// A worker's name means its dead letters; `unrouted` and full names mean themselves.
    package static func queue(named name: String) -> String {
        name == QueueNames.unrouted || !QueueNames.isWorkerQueue(name) ? name : QueueNames.dead(name)
    }

    package func list(_ queue: String, matching filter: LetterFilter, limit: Int) async throws -> [Letter] {
        try await broker.letters(in: queue, matching: filter, limit: limit)
    }

    /// Lets letters run again where they failed, or in another queue. Those of `unrouted` go wherever their type is bound to now. One whose
    /// event was done all the same, where it failed, is put away and not counted.
    package func replay(_ letters: [Letter], to target: String?) async throws -> Int {
        var count = 0
        for (queue, part) in Dictionary(grouping: letters, by: { target ?? Self.origin(of: $0) }) {
            let isDone = try await isDone(part, by: queue)
            _ = try await broker.discard(zip(part, isDone).filter(\.1).map(\.0))
            count += try await broker.replay(zip(part, isDone).filter { !$0.1 }.map(\.0), to: queue)
        }
        return count
    }

    /// A worker that was paused past its lease may have laid a letter down before it heard that its successor finished the event.
    private func isDone(_ letters: [Letter], by queue: String?) async throws -> [Bool] {
        guard let queue else { return letters.map { _ in false } }
        return zip(letters, try await ledger.rows(of: letters, for: queue)).map { letter, row in
            guard let row, Self.origin(of: letter) == queue else { return false }
            return row.state == .done && row.generation >= letter.passage.generation
        }
    }

    /// Written into the ledger first: whatever copy is still on its way is acknowledged when it comes.
    package func discard(_ letters: [Letter]) async throws -> Int {
        for letter in letters {
            guard case .success(let event) = letter.content else { continue }
            // Of what was never routed the audit has to find that a person put it away.
            let consumer = Self.origin(of: letter) ?? letter.queue
            let key = try LedgerKey(consumer: consumer, source: event.source, id: event.id)
            try await ledger.discard(key, generation: letter.passage.generation)
        }
        return try await broker.discard(letters)
    }

    package static func origin(of letter: Letter) -> String? {
        guard letter.queue != QueueNames.unrouted else { return nil }
        return letter.passage.origin ?? QueueNames.worker(of: letter.queue)
    }
}

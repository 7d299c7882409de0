// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
package import FlotillaModel

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

    package struct Replay: Sendable, Equatable {
        package var went = 0
        /// Left where they are.
        package var unguarded = 0

        package init() {}
    }

    /// Lets letters run again where they failed, or in another queue. Those of `unrouted` go wherever their type is bound to now. One whose
    /// event was done all the same, where it failed, is put away and not counted.
    ///
    /// - Parameter evenUnguarded: those, too, of which the ledger remembers nothing: neither what their effects did, nor whether they were done.
    package func replay(_ letters: [Letter], to target: String?, now: Timestamp, evenUnguarded: Bool) async throws -> Replay {
        var replay = Replay()
        for (queue, part) in Dictionary(grouping: letters, by: { target ?? Self.origin(of: $0) }) {
            let standings = try await standings(of: part, in: queue, now: now)
            func those(_ wanted: Standing...) -> [Letter] { zip(part, standings).filter { wanted.contains($0.1) }.map(\.0) }
            _ = try await broker.discard(those(.done))
            if !evenUnguarded { replay.unguarded += those(.unguarded).count }
            replay.went += try await broker.replay(evenUnguarded ? those(.open, .unguarded) : those(.open), to: queue)
        }
        return replay
    }

    private enum Standing { case open, done, unguarded }

    /// Rows are kept for a day at least. Who lays a letter down writes one soon, whatever happens.
    private static let memory = Duration.seconds(86_400)

    private func standings(of letters: [Letter], in queue: String?, now: Timestamp) async throws -> [Standing] {
        guard let queue else { return letters.map { _ in .open } }
        return zip(letters, try await ledger.rows(of: letters, for: queue)).map { letter, row in
            // Elsewhere it has not run.
            guard Self.origin(of: letter) == queue, case .success = letter.content else { return .open }
            guard let row else { return letter.kept < now - Self.memory ? .unguarded : .open }
            // A worker that was paused past its lease may have laid a letter down before it heard that its successor finished the event.
            return row.state == .done && row.generation >= letter.passage.generation ? .done : .open
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

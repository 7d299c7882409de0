// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// What operators see of a broker, and what they may do to what it keeps. Works beside running workers.
package protocol BrokerInspection: Sendable {
    func queues() async throws -> [QueueReport]

    /// Letters of one kept queue (`{queue}.dead`, `{queue}.parked`, `unrouted`), oldest first, at most `limit` of those that match, and no
    /// more than fit into a `LetterBatch`. There are no more when there is none.
    func letters(in queue: String, matching filter: LetterFilter, limit: Int) async throws -> [Letter]

    /// Delivers them again, in `queue`, or by their types when it is nil; each with the next generation, so that the ledger lets it run.
    /// A letter leaves only together with the confirmed delivery. Answers how many went: a letter may have gone meanwhile.
    func replay(_ letters: [Letter], to queue: String?) async throws -> Int

    /// Removes them. Whoever calls this has written it into the ledger before.
    func discard(_ letters: [Letter]) async throws -> Int

    /// Every source that an event came from, for `ledger show`; nil where the broker does not know them.
    func sources() async throws -> [String]?

    /// What each worker's queue is bound to.
    func bindings() async throws -> [QueueBinding]

    /// How old what `queues` tells may be.
    var lag: Duration { get }
}

extension BrokerInspection {
    /// Of one that tells what is now.
    package var lag: Duration { .zero }
}

/// A kind of event that a worker's queue gets.
package struct QueueBinding: Sendable, Equatable {
    package let queue: String
    package let pattern: TopicPattern
    /// Since when, by the clock of whoever bound it; nil where nobody has written that down.
    package let since: Timestamp?

    package init(queue: String, pattern: TopicPattern, since: Timestamp?) {
        self.queue = queue
        self.pattern = pattern
        self.since = since
    }
}

/// One queue as it stands.
package struct QueueReport: Sendable, Equatable {
    package var name: String
    package var ready = 0
    package var held = 0
    package var delayed = 0
    package var dead = 0
    package var parked = 0
    package var consumers = 0
    /// Since the queue was made: how many came, how many were acknowledged.
    package var entered = 0
    package var gone = 0
    /// When the oldest event that is ready or held was accepted.
    package var oldest: Timestamp?
    /// What this broker can't be asked for: those fields mean nothing.
    package var unknown: Set<Field> = []

    package enum Field: Sendable {
        case held, delayed, rates, oldest
    }

    package init(name: String) {
        self.name = name
    }
}

/// An event that is kept for a person.
package struct Letter: Sendable, Equatable {
    package var queue: String
    package var content: Result<Event, InvalidEvent>
    package var passage: Passage
    package var accepted: Timestamp?
    package var kept: Timestamp
    /// The adapter's own name for it.
    package var tag: Int64

    package init(
        queue: String, content: Result<Event, InvalidEvent>, passage: Passage, accepted: Timestamp?, kept: Timestamp, tag: Int64
    ) {
        self.queue = queue
        self.content = content
        self.passage = passage
        self.accepted = accepted
        self.kept = kept
        self.tag = tag
    }
}

/// Where a letter stands in its queue.
package struct LetterPlace: Sendable, Equatable, Comparable {
    package let kept: Timestamp
    package let tag: Int64

    package static func < (one: LetterPlace, other: LetterPlace) -> Bool { (one.kept, one.tag) < (other.kept, other.tag) }
}

extension Letter {
    package var place: LetterPlace { LetterPlace(kept: kept, tag: tag) }

    /// Of its data: what it weighs.
    package var size: Int { (try? content.get().data.count) ?? 0 }
}

package enum LetterBatch {
    /// What letters that are read at once weigh together, unless a single one weighs more.
    package static let bytes = 16 << 20
}

/// Which letters are meant. What is nil matches everything.
package struct LetterFilter: Sendable, Equatable {
    package var id: String?
    package var type: TopicPattern?
    package var failureClass: String?
    /// A part of the reason.
    package var reason: String?
    package var tenant: String?
    package var since: Timestamp?
    package var until: Timestamp?
    /// Only what stands behind this one: for reading many, page by page.
    package var after: LetterPlace?

    package init() {}

    package func matches(_ letter: Letter) -> Bool {
        let event = try? letter.content.get()
        if let id, event?.id != id { return false }
        if let type, !(event.map { type.matches($0.type) } ?? false) { return false }
        if let failureClass, letter.passage.failureClass != failureClass { return false }
        if let reason, !(letter.passage.reason.map { Self.holds($0, reason) } ?? false) { return false }
        if let tenant, event?.tenant != tenant { return false }
        if let since, letter.kept < since { return false }
        if let until, letter.kept >= until { return false }
        return true
    }

    private static func holds(_ text: String, _ part: String) -> Bool {
        let text = Array(text.lowercased().utf8)
        let part = Array(part.lowercased().utf8)
        guard part.count <= text.count else { return false }
        return (0...(text.count - part.count)).contains { text[$0...].starts(with: part) }
    }
}

/// What operators see of a ledger, and how a person's decision is written into it.
package protocol LedgerInspection: Sendable {
    func entry(for key: LedgerKey) async throws -> LedgerEntry?

    /// Those of many keys, in their order: at most `LedgerBatch.limit` at once, fastest when they are sorted.
    func entries(for keys: [LedgerKey]) async throws -> [LedgerEntry?]

    /// The event was discarded by a person: whatever copy is still on its way is acknowledged when it comes.
    func discard(_ key: LedgerKey, generation: Int) async throws

    /// Whoever changes something is recorded.
    func record(_ deed: Deed) async throws
    func deeds(limit: Int) async throws -> [Deed]
}

package enum LedgerBatch {
    package static let limit = 1000
}

extension LedgerInspection {
    /// What is known of the event of each letter, of many in one round trip; nil also for what is no event.
    package func rows(of letters: [Letter], for consumer: String) async throws -> [LedgerRow?] {
        var rows: [LedgerRow?] = Array(repeating: nil, count: letters.count)
        let asked = try letters.indices.compactMap { place -> (key: LedgerKey, place: Int)? in
            guard case .success(let event) = letters[place].content else { return nil }
            return (try LedgerKey(consumer: consumer, source: event.source, id: event.id), place)
        }.sorted { $0.key < $1.key }
        for start in stride(from: 0, to: asked.count, by: LedgerBatch.limit) {
            let batch = asked[start..<min(start + LedgerBatch.limit, asked.count)]
            for (one, entry) in zip(batch, try await entries(for: batch.map(\.key))) { rows[one.place] = entry?.row }
        }
        return rows
    }
}

package struct LedgerEntry: Sendable, Equatable {
    package var row: LedgerRow
    package var claimed: Timestamp
    package var changed: Timestamp

    package init(row: LedgerRow, claimed: Timestamp, changed: Timestamp) {
        self.row = row
        self.claimed = claimed
        self.changed = changed
    }
}

package struct Deed: Sendable, Equatable {
    package var at: Timestamp
    /// `user@host`
    package var who: String
    package var what: String

    package init(at: Timestamp, who: String, what: String) {
        self.at = at
        self.who = who
        self.what = what
    }
}

// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
package import FlotillaModel
package import FlotillaRuntime

/// Proves that every accepted event has come to an end, is on its way to one, or names it. Made for one command; changes nothing.
///
/// For each consumer: A are the events in the journal's window that it was bound to when they were accepted, T those of them that the
/// ledger knows at an end. What is in A and not in T is pending while anything is on its way in its queue. When nothing is, the ledger is
/// asked once more, since an event is marked before it leaves its queue; what is not at an end then is missing. Events that nobody was bound to
/// must be in `unrouted`, discarded, or known to some consumer.
///
/// Handlers' own events are in A as far as they are in the journal; retries and replays are never there again.
package struct Audit: Sendable {
    private let broker: any BrokerInspection & JournalInspection
    private let ledger: any LedgerInspection
    private let sleeper: any Sleeper
    private let keysAtOnce: Int
    /// Of `unrouted`, at once.
    private static let page = 1000

    /// - Parameter keysAtOnce: of 16 bytes each. A window with more of them is read several times.
    package init(
        _ broker: any BrokerInspection & JournalInspection, _ ledger: any LedgerInspection, sleeper: any Sleeper,
        keysAtOnce: Int = 3_000_000
    ) {
        self.broker = broker
        self.ledger = ledger
        self.sleeper = sleeper
        self.keysAtOnce = keysAtOnce
    }

    /// Of a window that the journal no longer has.
    package struct TooOld: Error {
        package let begin: Timestamp
    }

    /// Calls `found` with every event that is missing, each once for each consumer.
    package func run(since: Timestamp?, _ found: (MissingEvent) throws -> Void) async throws -> AuditReport {
        var run = Run(routing: Routing(try await broker.bindings()), since: since)
        guard let end = try await broker.journalEnd(), let begin = try await broker.journalBegin() else { return run.report }
        if let since, begin.isCut, since < begin.accepted { throw TooOld(begin: begin.accepted) }
        run.report.since = since ?? begin.accepted
        var parts = [AuditKeys.Part.whole]
        var isFirst = true
        while let part = parts.popLast() {
            var keys = AuditKeys(part, consumers: run.routing.queues.count + 1, limit: keysAtOnce)
            try await collect(&keys, upTo: end, &run, counting: isFirst)
            isFirst = false
            parts += keys.rest
            try await settle(&keys, upTo: end, &run, found)
        }
        run.report.consumers = run.lines.dropLast()
        run.report.unrouted = run.lines[run.unrouted]
        return run.report
    }

    /// One audit at work. Behind the consumers stands `unrouted`, as one more.
    private struct Run {
        var routing: Routing
        var lines: [AuditReport.Line]
        var report = AuditReport()
        let filter: JournalFilter

        init(routing: Routing, since: Timestamp?) {
            self.routing = routing
            lines = (routing.queues + [QueueNames.unrouted]).map { AuditReport.Line(name: $0) }
            var filter = JournalFilter()
            filter.since = since
            self.filter = filter
        }

        var unrouted: Int { routing.queues.count }

        mutating func places(of entry: JournalEntry) -> [Int] {
            let consumers = routing.consumers(of: entry)
            return consumers.isEmpty ? [unrouted] : consumers
        }

        func key(of entry: JournalEntry, for place: Int) throws -> LedgerKey {
            try LedgerKey(consumer: lines[place].name, source: entry.event.source, id: entry.event.id)
        }
    }

    // MARK: A

    private func collect(_ keys: inout AuditKeys, upTo end: JournalPlace, _ run: inout Run, counting: Bool) async throws {
        let unreadable = try await JournalWalk(broker, matching: run.filter).run(upTo: end) { entries in
            for entry in entries {
                for place in run.places(of: entry) {
                    keys.add(try run.key(of: entry, for: place), of: place)
                    if counting { run.lines[place].duplicates += 1 }
                }
            }
            if counting { run.report.entries += entries.count }
        }
        if counting { run.report.unreadable = unreadable }
    }

    // MARK: T, and what is not in it

    private func settle(
        _ keys: inout AuditKeys, upTo end: JournalPlace, _ run: inout Run, _ found: (MissingEvent) throws -> Void
    ) async throws {
        var open: [[LedgerKey]] = []
        for place in run.lines.indices {
            let all = keys.take(place)
            run.lines[place].events += all.count
            run.lines[place].duplicates -= all.count
            open.append(try await notEnded(all, &run.lines[place]))
        }
        if !open[run.unrouted].isEmpty {
            let before = open[run.unrouted].count
            open[run.unrouted] = try await notKept(open[run.unrouted])
            run.report.kept += before - open[run.unrouted].count
        }
        guard open.contains(where: { !$0.isEmpty }) else { return }
        let looks = try await QueueLook(broker: broker, sleeper: sleeper).standings(of: run.routing.queues)
        let standings = looks + [looks.reduce(.empty) { $0.and($1) }]
        var wanted: [Set<LedgerKey>] = Array(repeating: [], count: open.count)
        for place in run.lines.indices where !open[place].isEmpty {
            let still = try await notEnded(open[place], &run.lines[place])
            if place != run.unrouted { run.lines[place].count(still.count, on: standings[place]) }
            if place == run.unrouted || standings[place] == .empty { wanted[place] = Set(still) }
        }
        try await name(wanted, standings, upTo: end, &run, found)
    }

    /// Those that are at no end; the others are counted.
    private func notEnded(_ keys: [LedgerKey], _ line: inout AuditReport.Line) async throws -> [LedgerKey] {
        var open: [LedgerKey] = []
        for start in stride(from: 0, to: keys.count, by: LedgerBatch.limit) {
            let batch = Array(keys[start..<min(start + LedgerBatch.limit, keys.count)])
            for (key, entry) in zip(batch, try await ledger.entries(for: batch)) {
                if let state = entry?.row.state, state.isTerminal {
                    line.states[state, default: 0] += 1
                } else {
                    open.append(key)
                }
            }
        }
        return open
    }

    /// Those that are not in `unrouted`.
    private func notKept(_ keys: [LedgerKey]) async throws -> [LedgerKey] {
        var open = Set(keys)
        var filter = LetterFilter()
        while !open.isEmpty {
            let letters = try await broker.letters(in: QueueNames.unrouted, matching: filter, limit: Self.page)
            guard let last = letters.last else { break }
            filter.after = last.place
            for letter in letters {
                guard case .success(let event) = letter.content else { continue }
                open.remove(try LedgerKey(consumer: QueueNames.unrouted, source: event.source, id: event.id))
            }
        }
        return keys.filter(open.contains)
    }

    // MARK: Names

    /// Reads the journal again, for what hashes don't tell.
    private func name(
        _ wanted: [Set<LedgerKey>], _ standings: [QueueStanding], upTo end: JournalPlace, _ run: inout Run,
        _ found: (MissingEvent) throws -> Void
    ) async throws {
        guard wanted.contains(where: { !$0.isEmpty }) else { return }
        var wanted = wanted
        _ = try await JournalWalk(broker, matching: run.filter).run(upTo: end) { entries in
            for entry in entries {
                for place in run.places(of: entry) where wanted[place].remove(try run.key(of: entry, for: place)) != nil {
                    if place == run.unrouted {
                        if try await isKnown(entry, run) {
                            run.report.elsewhere += 1
                            continue
                        }
                        run.lines[place].count(1, on: standings[place])
                        guard standings[place] == .empty else { continue }
                    }
                    try found(MissingEvent(entry, consumer: run.lines[place].name))
                }
            }
        }
    }

    private func isKnown(_ entry: JournalEntry, _ run: Run) async throws -> Bool {
        let keys = try run.routing.queues.indices.map { try run.key(of: entry, for: $0) }
        return try await ledger.entries(for: keys).contains { $0 != nil }
    }
}

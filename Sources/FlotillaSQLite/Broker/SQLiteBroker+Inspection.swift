// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

extension SQLiteBroker: BrokerInspection {
    package func queues() async throws -> [QueueReport] {
        try await file.read { turn in try QueueReports.all(turn) }
    }

    package func sources() async throws -> [String]? {
        try await file.read { turn in
            try turn.database.once("SELECT name FROM source") { try $0.rows { $0.text(0) ?? "" } }
        }
    }

    package func bindings() async throws -> [QueueBinding] {
        let sql = """
            SELECT q.name, b.pattern, s.since FROM binding b JOIN queue q ON q.id = b.queue
            LEFT JOIN binding_since s ON s.queue = b.queue AND s.pattern = b.pattern ORDER BY q.name, b.pattern
            """
        return try await file.read { turn in
            try turn.database.once(sql) { select in
                try select.rows { row in
                    TopicPattern(row.text(1) ?? "").map { pattern in
                        QueueBinding(
                            queue: row.text(0) ?? "", pattern: pattern, since: row.optionalInteger(2).map { Timestamp(milliseconds: $0) })
                    }
                }.compactMap(\.self)
            }
        }
    }

    package func letters(in queue: String, matching filter: LetterFilter, limit: Int) async throws -> [Letter] {
        try await file.read { turn in
            try turn.database.once(Self.lettersSQL(Self.matching)) { select in
                select.bind(1, queue)
                select.bind(2, filter.id)
                select.bind(3, filter.since?.milliseconds ?? 0)
                select.bind(4, filter.until?.milliseconds ?? Int64.max)
                select.bind(5, filter.after?.kept.milliseconds ?? 0)
                select.bind(6, filter.after?.tag ?? 0)
                var found: [Letter] = []
                var bytes = 0
                while found.count < limit, bytes < LetterBatch.bytes, try select.step() {
                    let letter = Self.letter(select, in: queue)
                    guard filter.matches(letter) else { continue }
                    found.append(letter)
                    bytes += letter.size
                }
                return found
            }
        }
    }

    private static let matching =
        "l.queue = ?1 AND (?2 IS NULL OR l.id = ?2) AND l.kept >= ?3 AND l.kept < ?4 AND (l.kept, l.event) > (?5, ?6)"

    static func lettersSQL(_ condition: String) -> String {
        """
        SELECT l.event, l.attempt, l.generation, l.passage, l.kept, \(EventRow.columns)
        FROM letter l LEFT JOIN event e ON e.number = l.event LEFT JOIN source s ON s.id = e.source
        WHERE \(condition) ORDER BY l.kept, l.event
        """
    }

    static func letter(_ row: Statement, in queue: String) -> Letter {
        Letter(
            queue: queue, content: EventRow.read(row, from: 5),
            passage: PassageText.decode(row.text(3), attempt: row.integer(1), generation: row.integer(2)),
            accepted: row.optionalInteger(6).map { Timestamp(milliseconds: $0) }, kept: Timestamp(milliseconds: row.integer(4)),
            tag: row.integer(0))
    }

    package func replay(_ letters: [Letter], to queue: String?) async throws -> Int {
        try await file.write { turn in
            var count = 0
            for letter in letters {
                var targets: [Int64] = []
                if let queue {
                    guard let id = turn.routes.queues[queue] else { throw BrokerFailure(.refused, "there is no queue \(queue)") }
                    targets = [id]
                } else if case .success(let event) = letter.content {
                    targets = turn.routes.targets(of: event.type)
                }
                // Nobody is bound to it yet: it stays where it is.
                guard !targets.isEmpty, try Letters.take(letter, in: turn) else { continue }
                // A copy starts from its own header set: the attempt from 1, no memory of the failure but where it was.
                // What was never routed never ran: it keeps its generation, so that one that came again and was done is not done twice.
                let ran = letter.queue != QueueNames.unrouted
                var passage = Passage(generation: letter.passage.generation + (ran ? 1 : 0))
                passage.replayedFrom = letter.queue
                for target in targets { try Deliveries.addCopy(of: letter.tag, to: target, passage, due: nil, in: turn) }
                count += 1
            }
            return count
        }
    }

    package func discard(_ letters: [Letter]) async throws -> Int {
        try await file.write { turn in
            try letters.count { letter in
                guard try Letters.take(letter, in: turn) else { return false }
                try Deliveries.leave(letter.tag, in: turn)
                return true
            }
        }
    }
}

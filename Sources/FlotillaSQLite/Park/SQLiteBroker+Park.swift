// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

/// A letter's connection is a column with an index; a letter moves in one commit, so that no second copy of it ever comes to be.
extension SQLiteBroker: Park {
    package func parked(in queue: String) async throws -> [ParkedGroup] {
        try await groups(
            in: queue, "l.connection IS NULL", "l.connection IS NOT NULL GROUP BY l.connection ORDER BY l.connection")
    }

    package func parked(in queue: String, of connection: String?) async throws -> ParkedGroup? {
        let name = ConnectionName.plain(connection)
        return try await groups(in: queue, name == nil ? "l.connection IS NULL" : "l.connection = ?2", of: name).first
    }

    package func unnoted(in queue: String) async throws -> Set<String> {
        try await file.read { turn in
            let sql = "SELECT DISTINCT connection FROM letter WHERE queue = ?1 AND connection IS NOT NULL"
            return try turn.database.once(sql) { select in
                select.bind(1, QueueNames.parked(queue))
                return Set(try select.rows { $0.text(0) ?? "" })
            }
        }
    }

    package func resume(
        _ connection: String?, in queue: String, limit: Int, passing: Set<Int64>,
        _ judge: @escaping @Sendable ([Letter]) async throws -> [ParkVerdict]
    ) async throws -> ResumedPart {
        let name = ConnectionName.plain(connection)
        let (found, isAll) = try await file.read { turn in try Self.find(name, queue, limit, passing, turn) }
        guard !found.isEmpty else {
            var none = ResumedPart()
            none.isAll = isAll
            return none
        }
        let verdicts = try await judge(found)
        return try await file.write { turn in
            guard let id = turn.routes.queues[queue] else { throw BrokerFailure(.refused, "there is no queue \(queue)") }
            var part = ResumedPart()
            part.isAll = isAll
            for (letter, verdict) in zip(found, verdicts) {
                if verdict == .stay {
                    part.stayed.insert(letter.tag)
                } else if try Letters.take(letter, in: turn) {
                    if verdict == .resume {
                        try Deliveries.addCopy(of: letter.tag, to: id, letter.resumed(at: turn.now), due: nil, in: turn)
                        part.resumed += 1
                    } else {
                        try Deliveries.leave(letter.tag, in: turn)
                        part.dropped += 1
                    }
                }
            }
            return part
        }
    }

    package func backlog(of queue: String) async throws -> Int {
        try await file.read { turn in
            let sql = """
                SELECT entered - gone - (SELECT count(*) FROM delivery d WHERE d.queue = q.id AND d.holder IN (SELECT id FROM session))
                FROM queue q WHERE name = ?1
                """
            return try turn.database.once(sql) { select in
                select.bind(1, queue)
                return Int(try select.row { $0.integer(0) } ?? 0)
            }
        }
    }

    /// Bodies that are judged and moved in one part, at most.
    private static let byteLimit = 16 << 20

    /// And whether that is all there is.
    private static func find(
        _ connection: String?, _ queue: String, _ limit: Int, _ passing: Set<Int64>, _ turn: Turn
    ) throws -> ([Letter], isAll: Bool) {
        let sql = lettersSQL("l.queue = ?1 AND l.connection \(connection == nil ? "IS NULL" : "= ?2")")
        return try turn.database.once(sql) { select in
            select.bind(1, QueueNames.parked(queue))
            if let connection { select.bind(2, connection) }
            defer { select.reset() }
            var found: [Letter] = []
            var bytes = 0
            while try select.step() {
                if passing.contains(select.integer(0)) { continue }
                guard found.count < limit, bytes < byteLimit else { return (found, false) }
                let letter = letter(select, in: QueueNames.parked(queue))
                bytes += (try? letter.content.get().data.count) ?? 0
                found.append(letter)
            }
            return (found, true)
        }
    }

    private func groups(in queue: String, _ conditions: String..., of connection: String? = nil) async throws -> [ParkedGroup] {
        try await file.read { turn in
            try conditions.flatMap { condition in
                let sql = "SELECT l.connection, count(*), min(l.kept), l.reason FROM letter l WHERE l.queue = ?1 AND \(condition)"
                return try turn.database.once(sql) { select in
                    select.bind(1, QueueNames.parked(queue))
                    if let connection { select.bind(2, connection) }
                    // Beside the least of a column, the others are of the same row.
                    return try select.rows { row in
                        ParkedGroup(
                            connection: row.text(0), count: Int(row.integer(1)), oldest: Timestamp(milliseconds: row.integer(2)),
                            reason: row.text(3))
                    }.filter { $0.count > 0 }
                }
            }
        }
    }
}

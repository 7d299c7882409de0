// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// The queues as the file has them. Depths come from counters, so that a backlog of millions costs nothing to count.
enum QueueReports {
    static func all(_ turn: Turn) throws -> [QueueReport] {
        try turn.database.once(queues) { try $0.rows(report) } + [unrouted(turn)]
    }

    private static let queues = """
        WITH live AS (SELECT 0 AS holder UNION ALL SELECT id FROM session),
            -- The oldest of each holder is the first of its range.
            first AS (SELECT q.id AS queue, min((SELECT min(d.number) FROM delivery d WHERE d.queue = q.id AND d.holder = l.holder)) AS number
                FROM queue q, live l GROUP BY q.id)
        SELECT q.name, q.entered, q.gone,
            (SELECT count(*) FROM delivery d WHERE d.queue = q.id AND d.holder IN (SELECT id FROM session)),
            (SELECT count(*) FROM delayed d WHERE d.queue = q.id),
            (SELECT count(*) FROM letter l WHERE l.queue = q.name || '.dead'),
            (SELECT count(*) FROM letter l WHERE l.queue = q.name || '.parked'),
            (SELECT count(*) FROM consumer c WHERE c.queue = q.id),
            (SELECT e.accepted FROM delivery d JOIN event e ON e.number = coalesce(d.event, d.number)
                WHERE d.queue = q.id AND d.holder IN (SELECT holder FROM live) AND d.number = first.number)
        FROM queue q JOIN first ON first.queue = q.id ORDER BY q.name
        """

    private static func report(_ row: Statement) -> QueueReport {
        var report = QueueReport(name: row.text(0) ?? "")
        report.entered = Int(row.integer(1))
        report.gone = Int(row.integer(2))
        report.held = Int(row.integer(3))
        report.ready = max(0, report.entered - report.gone - report.held)
        report.delayed = Int(row.integer(4))
        report.dead = Int(row.integer(5))
        report.parked = Int(row.integer(6))
        report.consumers = Int(row.integer(7))
        report.oldest = row.optionalInteger(8).map { Timestamp(milliseconds: $0) }
        return report
    }

    private static func unrouted(_ turn: Turn) throws -> QueueReport {
        var report = QueueReport(name: QueueNames.unrouted)
        try turn.database.once("SELECT count(*), min(kept) FROM letter WHERE queue = ?1") { select in
            select.bind(1, QueueNames.unrouted)
            _ = try select.row { row in
                report.ready = Int(row.integer(0))
                report.oldest = row.optionalInteger(1).map { Timestamp(milliseconds: $0) }
            }
        }
        return report
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime

/// What somebody has to do from time to time: partitions ahead of time, what is too old away. Every process tries; a lock lets one of them
/// do it. Nothing here waits for a lock for long: whoever claims would wait behind it.
extension PostgresStore {
    private static let pace = Duration.seconds(20)
    /// Behind what runs now, which is over in milliseconds; others wait for as long, at most.
    private static let lockLimit = Duration.milliseconds(150)

    func maintain() async {
        door.post { [loop, bell] in _ = loop.schedule(after: Self.pace) { bell.ring() } }
        await bell.wait()
        guard !Task.isCancelled else { return }
        do {
            try await keepPartitions()
            if options.prunes { try await prune() }
            bell.ailment = nil
        } catch {
            // A database that is away is told of by its lines.
            if let failure = error as? PostgresFailure, failure.isForbidden {
                bell.ailment = "partitions of the ledger can't be made or dropped: this user does not own its table"
            }
        }
    }

    // MARK: Partitions

    /// Makes what is missing, at once: a mark needs its day's.
    func keepPartitions() async throws {
        try await transaction { transaction in
            let rows = try await transaction.ask([Self.only(.text(options.schema)), .partitions])
            guard rows[0].first?.flag(0) ?? false else { return }
            let (spans, today, days) = Self.standing(rows[1])
            let plan = Partitions.plan(spans, today: today, keeping: max(days, Int64(options.ledgerDays)))
            guard !plan.made.isEmpty else { return }
            for span in plan.made {
                // Attached, and not made as a partition: that would lock out whoever claims.
                _ = try await transaction.ask([
                    Query("", "CREATE TABLE \(span.name) (LIKE ledger INCLUDING ALL)")(),
                    Query("", "ALTER TABLE ledger ATTACH PARTITION \(span.name) FOR VALUES FROM (\(span.first)) TO (\(span.end))")(),
                ])
            }
        }
    }

    private static func standing(_ rows: Rows) -> (spans: [Partitions.Span], today: Int64, days: Int64) {
        let spans = rows.compactMap { row in
            row.isNull(0) ? nil : Partitions.Span(first: row.integer(0), end: row.integer(1))
        }
        return (spans, rows.first?.integer(2) ?? 0, rows.first?.integer(3) ?? 0)
    }

    // MARK: Pruning

    /// By the longest that living processes ask for; one that asked for more and is gone is believed for another day.
    func prune() async throws {
        let spans = try await transaction { transaction -> [Partitions.Span] in
            let rows = try await transaction.ask([Self.only(.text(options.schema)), Self.retain(), .partitions])
            guard rows[0].first?.flag(0) ?? false else { return [] }
            let (spans, today, days) = Self.standing(rows[2])
            _ = try await transaction.ask([
                Self.pruneClaims(.integer(days)), Self.pruneSessions(), .prunedEffects(keeping: days), Query.pruneLanes(.integer(days)),
                Query.pruneTickets(.integer(days)),
            ])
            return Partitions.plan(spans, today: today, keeping: days).dropped
        }
        for span in spans {
            do {
                try await transaction { transaction in
                    _ = try await transaction.ask([
                        Self.hurry(.text("\(Self.lockLimit.inMilliseconds)ms")), Query("", "DROP TABLE IF EXISTS \(span.name)")(),
                    ])
                }
            } catch let failure as PostgresFailure where failure.code == "55P03" {
                // Next time.
            }
        }
    }

    private static let only = Query(
        "upkeep_only", "SELECT pg_try_advisory_xact_lock(hashtextextended('flotilla upkeep ' || $1::text, 0))")
    private static let hurry = Query("upkeep_hurry", "SELECT set_config('lock_timeout', $1::text, true)")
    private static let retain = Query(
        "upkeep_retain",
        """
        UPDATE retention SET days = asked_for.days, asked = clock_timestamp()
        FROM (SELECT max(keeps) AS days FROM session WHERE until > clock_timestamp()) AS asked_for
        WHERE asked_for.days >= retention.days OR asked_for.days > 0 AND retention.asked < clock_timestamp() - interval '1 day'
        """)
    /// Claims whose process vanished and whose delivery never came again.
    private static let pruneClaims = Query(
        "upkeep_claims",
        """
        DELETE FROM claim WHERE $1::int8 > 0 AND claimed < clock_timestamp() - $1::int8 * interval '1 day'
            AND NOT EXISTS (SELECT FROM session WHERE session.id = claim.session AND until > clock_timestamp())
        """)
    private static let pruneSessions = Query(
        "upkeep_sessions", "DELETE FROM session WHERE until < clock_timestamp() - interval '1 hour'")
}

extension Call {
    fileprivate static func prunedEffects(keeping days: Int64) -> Call {
        Query.pruneEffects(.integer(days), .integer(EffectTable.patience), .integer(EffectState.intended.rawValue))
    }

    /// The partitions of the ledger, with today and how many days are kept in each row; at least one row.
    fileprivate static var partitions: Call {
        Query(
            "upkeep_partitions",
            """
            SELECT bound[1]::int8, bound[2]::int8, floor(extract(epoch FROM clock_timestamp()) / 86400)::int8,
                (SELECT days FROM retention)
            FROM (SELECT 1) AS one LEFT JOIN (
                SELECT regexp_match(pg_get_expr(c.relpartbound, c.oid), $$FROM \\('?(\\d+)'?\\) TO \\('?(\\d+)'?\\)$$) AS bound
                FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'ledger'::regclass
            ) AS parts ON true
            """)()
    }
}

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
        let round = bell.begin()
        door.post { [loop, bell] in _ = loop.schedule(after: Self.pace) { bell.ring(for: round) } }
        await bell.wait()
        guard !Task.isCancelled else { return }
        do {
            let neglect = try await keepPartitions()
            bell.neglect = try await pruneIfAsked() ?? neglect
        } catch {
            // A database that is away is told of by its lines.
            guard let failure = error as? PostgresFailure, failure.kind != .away else { return }
            bell.neglect = Neglect(words: failure.description, isUrgent: true)
        }
    }

    private func pruneIfAsked() async throws -> Neglect? {
        guard options.prunes else { return nil }
        do {
            try await prune()
            return nil
        } catch let failure as PostgresFailure where failure.code != nil {
            return Neglect(words: "what is old can't be let go of: \(failure.isForbidden ? Self.forbidden : "\(failure)")", isUrgent: false)
        }
    }

    private static let forbidden = "this user is no member of the owner of the ledger's table, or may not CREATE in its schema"

    // MARK: Partitions

    /// Makes what is missing, at once: a mark needs its day's.
    /// - Returns: what keeps it from making those of days to come.
    func keepPartitions() async throws -> Neglect? {
        let (plan, today) = Self.plan(try await ask(.partitions), options)
        guard !plan.made.isEmpty else { return nil }
        do {
            // Somebody else may be at it, and knows what keeps him from it.
            return try await makePartitions() ? nil : bell.neglect
        } catch let failure as PostgresFailure where failure.code != nil {
            let why = failure.isForbidden ? Self.forbidden : "\(failure)"
            let words = "partitions of the ledger can't be made (flotilla migrate makes those of the next days): \(why)"
            guard plan.made.contains(where: { $0.first <= today }) else { return Neglect(words: words, isUrgent: false) }
            throw PostgresFailure(.unfit, words)
        }
    }

    private func makePartitions() async throws -> Bool {
        try await transaction { transaction in
            let rows = try await transaction.ask([Self.only(.text(options.schema)), .partitions])
            guard rows[0].first?.flag(0) ?? false else { return false }
            for span in Self.plan(rows[1], options).plan.made {
                _ = try await transaction.ask(span.making)
            }
            return true
        }
    }

    private static func plan(_ rows: Rows, _ options: Options) -> (plan: Partitions.Plan, today: Int64) {
        let (spans, today, days) = standing(rows)
        return (Partitions.plan(spans, today: today, keeping: max(days, Int64(options.ledgerDays))), today)
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
        let (dropped, oldest, days) = try await transaction { transaction -> ([Partitions.Span], Int64?, Int64) in
            let mine = try await transaction.ask(Self.only(.text(options.schema)))
            guard mine.first?.flag(0) ?? false else { return ([], nil, 0) }
            let (spans, today, days) = Self.standing(try await transaction.ask([Self.retain(), .partitions])[1])
            // In the order in which whoever claims or enters locks them.
            _ = try await transaction.ask([
                Self.pruneClaims(.integer(days)), Query.pruneLanes(.integer(days)), Self.pruneSessions(),
                Query.pruneTickets(.integer(days)),
            ])
            let dropped = Partitions.plan(spans, today: today, keeping: days).dropped
            return (dropped, spans.filter { !dropped.contains($0) }.map(\.first).min(), days)
        }
        for span in dropped {
            do {
                guard try await keepParked(of: span) else { continue }
                try await transaction { transaction in
                    _ = try await transaction.ask([
                        Self.hurry(.text("\(Self.lockLimit.inMilliseconds)ms")), Query("", "DROP TABLE IF EXISTS \(span.name)")(),
                    ])
                }
            } catch let failure as PostgresFailure where ["55P03", "42P01"].contains(failure.code) {
                // Next time; or somebody else has dropped it.
            }
        }
        if let oldest, days > 0 { try await pruneEffects(from: oldest, keeping: days) }
    }

    /// What is parked does not age: its row goes on in today's partition. False when somebody else is at it.
    private func keepParked(of span: Partitions.Span) async throws -> Bool {
        let keep = Query(
            "",
            """
            INSERT INTO ledger (round, generation, fence, claimed, changed, day, crashes, state, key)
            SELECT round, generation, fence, claimed, changed, floor(extract(epoch FROM statement_timestamp()) / 86400)::int4, crashes,
                state, key
            FROM \(span.name) AS old WHERE state = \(LedgerState.parked.rawValue) AND NOT EXISTS (
                SELECT FROM ledger WHERE ledger.key = old.key
                    AND (ledger.fence > old.fence OR ledger.fence = old.fence AND ledger.day > old.day))
            LIMIT \(Self.parkedPart)
            """)
        while true {
            let affected = try await transaction { transaction -> Int? in
                let rows = try await transaction.ask([Self.only(.text(options.schema)), Self.plans()])
                return rows[0].first?.flag(0) ?? false ? try await transaction.ask(keep()).affected : nil
            }
            guard let affected else { return false }
            if affected < Self.parkedPart { return true }
        }
    }

    /// A part at a time, each in a transaction of its own. What is younger than the oldest partition mostly has its row still.
    private func pruneEffects(from oldest: Int64, keeping days: Int64) async throws {
        for _ in 0..<Self.mostParts {
            let affected = try await transaction { transaction in
                let rows = try await transaction.ask([Self.only(.text(options.schema)), Self.plans()])
                guard rows[0].first?.flag(0) ?? false else { return 0 }
                return try await transaction.ask(
                    Query.pruneEffects(
                        .integer(days), .integer(EffectTable.patience), .integer(EffectState.intended.rawValue), .integer(oldest),
                        .integer(Self.part))
                ).affected
            }
            if affected < Self.part { return }
        }
    }

    private static let part = 5000
    private static let parkedPart = 50_000
    private static let mostParts = 50
    /// Whether an event has a row is looked up for each by itself, and not by a walk through the ledger.
    private static let plans = Query(
        "upkeep_plans", "SELECT set_config(name, 'off', true) FROM unnest('{enable_mergejoin,enable_hashjoin}'::text[]) AS plan (name)")

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
        DELETE FROM claim WHERE key = ANY (ARRAY(
            SELECT key FROM claim WHERE $1::int8 > 0 AND claimed < clock_timestamp() - $1::int8 * interval '1 day'
                AND NOT EXISTS (SELECT FROM session WHERE session.id = claim.session AND until > clock_timestamp())
            ORDER BY key FOR UPDATE SKIP LOCKED))
        """)
    private static let pruneSessions = Query(
        "upkeep_sessions",
        """
        DELETE FROM session WHERE until < clock_timestamp() - interval '1 hour'
            AND NOT EXISTS (SELECT FROM claim WHERE claim.session = session.id)
            AND NOT EXISTS (SELECT FROM lane WHERE lane.session = session.id)
        """)
}

extension Call {
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

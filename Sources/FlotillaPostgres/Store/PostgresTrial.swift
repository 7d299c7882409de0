// SPDX-License-Identifier: Apache-2.0

/// What a bench does to a database and nobody else.
package enum PostgresTrial {
    private static let limit = Duration.seconds(3600)

    /// Everything of one fleet.
    package static func remove(_ schema: String, from address: StoreAddress) async throws {
        var options = PostgresStore.Options()
        options.schema = schema
        let store = try await PostgresStore.connect(address, options: options)
        do {
            _ = try await store.ask(Query("", "DROP SCHEMA IF EXISTS \"\(schema)\" CASCADE")())
            await store.vanish()
        } catch {
            await store.vanish()
            throw error
        }
    }

    /// As in a fleet that has run for as long as it keeps outcomes: today's partition, and those before it.
    private static func spans(of ledger: PostgresLedger) async throws -> [Partitions.Span] {
        let days = Int64(ledger.store.options.ledgerDays)
        let length = Partitions.length(keeping: days)
        let first = try await ledger.store.ask(Query("", "SELECT floor(extract(epoch FROM clock_timestamp()) / 86400)::int8")()).first
        let today = first?.integer(0) ?? 0
        return (0...(days + length - 1) / length).map { age in
            Partitions.Span(first: today - age * length, end: today - (age - 1) * length)
        }
    }

    package static func makeOldPartitions(of ledger: PostgresLedger) async throws {
        for span in try await spans(of: ledger).dropFirst() {
            _ = try await ledger.store.ask(span.making)
        }
    }

    /// Finished rows with random keys, spread over the old partitions and today's, as they are hours later: vacuumed, and on the disk.
    package static func fill(_ ledger: PostgresLedger, rows: Int) async throws {
        let add = Query(
            "",
            """
            INSERT INTO ledger (round, generation, fence, claimed, changed, day, crashes, state, key)
            SELECT 1, 0, 1, now(), now(), $2::int8, 0, 4, key
            FROM (SELECT decode(md5(n::text), 'hex') AS key FROM generate_series($1::int8, $1::int8 + $3::int8 - 1) AS n) AS made ORDER BY key
            """)
        let spans = try await Self.spans(of: ledger)
        for (part, span) in spans.enumerated() {
            let (from, end) = (part * rows / spans.count, (part + 1) * rows / spans.count)
            try await ledger.store.transaction(within: limit) { transaction in
                _ = try await transaction.ask([
                    Query("", "SELECT set_config(name, '0', true) FROM unnest('{statement_timeout,lock_timeout}'::text[]) AS s (name)")(),
                    Query("", "SELECT set_config('work_mem', '256MB', true)")(),
                    add(.integer(from), .integer(span.first), .integer(end - from)),
                ])
            }
            _ = try await ledger.store.ask(Query("", "VACUUM (ANALYZE) \(span.name)")())
        }
        // Only an administrator may.
        _ = try? await ledger.store.ask(Query("", "CHECKPOINT")())
    }
}

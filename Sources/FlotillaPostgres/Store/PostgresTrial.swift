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

    /// As in a fleet that has run for as long as it keeps outcomes.
    package static func makeOldPartitions(of ledger: PostgresLedger) async throws {
        let length = Partitions.length(keeping: Int64(ledger.store.options.ledgerDays))
        let first = try await ledger.store.ask(Query("", "SELECT floor(extract(epoch FROM clock_timestamp()) / 86400)::int8")()).first
        let today = first?.integer(0) ?? 0
        for age in 1...3 {
            let span = Partitions.Span(first: today - Int64(age) * length, end: today - Int64(age - 1) * length)
            _ = try await ledger.store.ask([
                Query("", "CREATE TABLE \(span.name) (LIKE ledger INCLUDING ALL)")(),
                Query("", "ALTER TABLE ledger ATTACH PARTITION \(span.name) FOR VALUES FROM (\(span.first)) TO (\(span.end))")(),
            ])
        }
    }

    /// Finished rows with random keys, spread over the old partitions and today's.
    package static func fill(_ ledger: PostgresLedger, rows: Int) async throws {
        let length = Partitions.length(keeping: Int64(ledger.store.options.ledgerDays))
        let add = Query(
            "",
            """
            INSERT INTO ledger (round, generation, fence, claimed, changed, day, crashes, state, key)
            SELECT 1, 0, 1, now(), now(), floor(extract(epoch FROM now()) / 86400)::int4 - $2::int8::int4, 0, 4, key
            FROM (SELECT decode(md5(n::text), 'hex') AS key FROM generate_series($1::int8, $1::int8 + $3::int8 - 1) AS n) AS made ORDER BY key
            """)
        let share = rows / 4
        for part in 0..<4 {
            let count = part == 3 ? rows - 3 * share : share
            try await ledger.store.transaction(within: limit) { transaction in
                _ = try await transaction.ask([
                    Query("", "SELECT set_config(name, '0', true) FROM unnest('{statement_timeout,lock_timeout}'::text[]) AS s (name)")(),
                    Query("", "SELECT set_config('work_mem', '256MB', true)")(),
                    add(.integer(part * share), .integer(Int64(part) * length), .integer(count)),
                ])
            }
        }
    }
}

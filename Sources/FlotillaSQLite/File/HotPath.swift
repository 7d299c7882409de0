// SPDX-License-Identifier: Apache-2.0

/// The statements that every event passes, as texts: `flotilla bench local` runs the same ones from C.
package enum HotPath {
    package static let schema = Schema.creation
    package static let pragmas = Schema.pragmas

    package static let begin = "BEGIN IMMEDIATE"
    package static let commit = "COMMIT"
    package static let dataVersion = "PRAGMA data_version"
    package static let saveState = "UPDATE state SET last_number = ?1, journal_bytes = ?2, pruned_to = ?3, routes = ?4"
    package static let count = "UPDATE queue SET entered = entered + ?1, gone = gone + ?2 WHERE id = ?3"
    package static let addEvent = "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
    package static let addDelivery = "INSERT INTO delivery VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6)"
    package static let fetch =
        """
        SELECT d.number, d.attempt, d.generation, d.passage, e.number, e.accepted, s.name, e.id, e.type, e.time, e.subject,
            e.content_type, e.schema, e.extensions, e.data
        FROM delivery d LEFT JOIN event e ON e.number = coalesce(d.event, d.number) LEFT JOIN source s ON s.id = e.source
        WHERE d.queue = ?1 AND d.holder = 0 ORDER BY d.number LIMIT ?2
        """
    package static let hold = "UPDATE delivery SET holder = ?3 WHERE queue = ?1 AND holder = 0 AND number <= ?2"
    package static let acknowledge =
        "DELETE FROM delivery WHERE queue = ?1 AND holder = ?2 AND number = ?3 RETURNING coalesce(event, number)"
    package static let claimNew =
        """
        INSERT INTO claim SELECT ?1, ?2, ?3, 0, 1, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM ledger WHERE key = ?1) ON CONFLICT DO NOTHING
        """
    package static let endClaim = "DELETE FROM claim WHERE key = ?1 AND fence = ?2 RETURNING attempt, generation, crashes, claimed"
    package static let writeLedger =
        """
        INSERT INTO ledger VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (key) DO UPDATE SET state = excluded.state,
            attempt = excluded.attempt, generation = excluded.generation, crashes = excluded.crashes, fence = excluded.fence,
            claimed = excluded.claimed, at = excluded.at
        """
}

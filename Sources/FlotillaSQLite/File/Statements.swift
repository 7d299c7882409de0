// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine

/// Every statement on the path of an event, prepared once for each connection. `flotilla bench local` runs the same ones from C.
struct Statements {
    // MARK: The turn
    let begin: Statement
    let commit: Statement
    let dataVersion: Statement
    let loadState: Statement
    let saveState: Statement
    let count: Statement

    // MARK: Publishing
    let sourceOf: Statement
    let addSource: Statement
    let addEvent: Statement
    let addDelivery: Statement
    let queues: Statement
    let bindings: Statement

    // MARK: Delivering
    let fetch: Statement
    let hold: Statement
    let acknowledge: Statement
    let giveBack: Statement
    let eventOf: Statement
    let addDelayed: Statement
    let dueRows: Statement
    let dropDue: Statement
    let nextDue: Statement

    // MARK: Letters and the end of an event
    let letterOf: Statement
    let addLetter: Statement
    let takeLetter: Statement
    let dropEvent: Statement

    let oldestEvent: Statement

    // MARK: The ledger
    let pruneLedger: Statement
    let pruneClaims: Statement
    let claimNew: Statement
    let claimRow: Statement
    let ledgerRow: Statement
    let writeClaim: Statement
    let endClaim: Statement
    let writeLedger: Statement
    let holderUntil: Statement

    let lanes: LaneStatements

    // MARK: Effects
    let holdsClaim: Statement
    let effectRow: Statement
    let writeEffect: Statement
    let dropEffect: Statement
    let pruneEffects: Statement

    // MARK: Sessions
    let renewSession: Statement
    let sessions: Statement
    let releaseSession: Statement
    let dropConsumers: Statement
    let dropSession: Statement
    let addConsumer: Statement
    let adoptClaims: Statement

    init(_ database: Database) throws {
        begin = try database.prepare(HotPath.begin)
        commit = try database.prepare(HotPath.commit)
        dataVersion = try database.prepare(HotPath.dataVersion)
        loadState = try database.prepare("SELECT last_number, journal_bytes, pruned_to, routes FROM state")
        saveState = try database.prepare(HotPath.saveState)
        count = try database.prepare(HotPath.count)

        sourceOf = try database.prepare("SELECT id FROM source WHERE name = ?1")
        addSource = try database.prepare("INSERT INTO source (name) VALUES (?1) RETURNING id")
        addEvent = try database.prepare(HotPath.addEvent)
        addDelivery = try database.prepare(HotPath.addDelivery)
        queues = try database.prepare("SELECT id, name FROM queue")
        bindings = try database.prepare("SELECT queue, pattern FROM binding")

        fetch = try database.prepare(HotPath.fetch)
        hold = try database.prepare(HotPath.hold)
        acknowledge = try database.prepare(HotPath.acknowledge)
        giveBack = try database.prepare("UPDATE delivery SET holder = 0 WHERE queue = ?1 AND holder = ?2 AND number = ?3")
        // Whoever holds it now: a worker that was taken for dead may still forward what it had.
        eventOf = try database.prepare(
            """
            SELECT coalesce(event, number) FROM delivery WHERE queue = ?1 AND number = ?2
                AND holder IN (SELECT 0 UNION ALL SELECT id FROM session)
            """)
        addDelayed = try database.prepare("INSERT INTO delayed VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
        dueRows = try database.prepare(
            "SELECT due, queue, number, event, attempt, generation, passage FROM delayed WHERE due <= ?1 ORDER BY due LIMIT ?2")
        dropDue = try database.prepare("DELETE FROM delayed WHERE due = ?1 AND queue = ?2 AND number = ?3")
        nextDue = try database.prepare("SELECT min(due) FROM delayed")

        letterOf = try database.prepare(
            "SELECT l.event FROM event e JOIN letter l ON l.queue = ?1 AND l.source = e.source AND l.id = e.id WHERE e.number = ?2")
        addLetter = try database.prepare(
            """
            INSERT INTO letter (queue, source, id, event, kept, type, attempt, generation, class, reason, passage)
            SELECT ?1, source, id, number, ?3, type, ?4, ?5, ?6, ?7, ?8 FROM event WHERE number = ?2
            ON CONFLICT (queue, source, id) DO UPDATE SET event = excluded.event, kept = excluded.kept, attempt = excluded.attempt,
                generation = excluded.generation, class = excluded.class, reason = excluded.reason, passage = excluded.passage
            """)
        takeLetter = try database.prepare("DELETE FROM letter WHERE event = ?1 AND queue = ?2 AND generation = ?3 AND kept = ?4")
        dropEvent = try database.prepare(
            """
            DELETE FROM event WHERE number = ?1
                AND NOT EXISTS (SELECT 1 FROM delivery WHERE number = ?1 AND event IS NULL AND queue IN (SELECT id FROM queue)
                    AND holder IN (SELECT 0 UNION ALL SELECT id FROM session))
                AND NOT EXISTS (SELECT 1 FROM delivery WHERE event = ?1)
                AND NOT EXISTS (SELECT 1 FROM delayed WHERE event = ?1)
                AND NOT EXISTS (SELECT 1 FROM letter WHERE event = ?1)
            RETURNING length(data)
            """)

        oldestEvent = try database.prepare("SELECT number, accepted FROM event WHERE number > ?1 ORDER BY number LIMIT 1")

        pruneLedger = try database.prepare(
            "DELETE FROM ledger WHERE key >= ?1 AND key < ?2 AND at < ?3 AND state <> \(LedgerState.parked.rawValue)")
        pruneClaims = try database.prepare("DELETE FROM claim WHERE claimed < ?1 AND session NOT IN (SELECT id FROM session)")
        claimNew = try database.prepare(HotPath.claimNew)
        claimRow = try database.prepare("SELECT attempt, generation, crashes, fence, session, claimed FROM claim WHERE key = ?1")
        ledgerRow = try database.prepare("SELECT state, attempt, generation, crashes, fence, claimed, at FROM ledger WHERE key = ?1")
        writeClaim = try database.prepare("INSERT OR REPLACE INTO claim VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
        endClaim = try database.prepare(HotPath.endClaim)
        writeLedger = try database.prepare(HotPath.writeLedger)
        holderUntil = try database.prepare("SELECT until FROM session WHERE id = ?1")

        lanes = try LaneStatements(database)
        holdsClaim = try database.prepare("SELECT 1 FROM claim WHERE key = ?1 AND fence = ?2")
        effectRow = try database.prepare("SELECT \(EffectRows.columns) FROM effect WHERE event = ?1 AND name = ?2 AND key = ?3")
        writeEffect = try database.prepare("INSERT OR REPLACE INTO effect VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)")
        dropEffect = try database.prepare("DELETE FROM effect WHERE event = ?1 AND name = ?2 AND key = ?3")
        pruneEffects = try database.prepare(
            """
            DELETE FROM effect WHERE event >= ?1 AND event < ?2 AND at < iif(state = \(EffectState.intended.rawValue), ?4, ?3)
                AND NOT EXISTS (SELECT 1 FROM ledger WHERE ledger.key = effect.event)
                AND NOT EXISTS (SELECT 1 FROM claim WHERE claim.key = effect.event)
            """)

        renewSession = try database.prepare("UPDATE session SET until = ?1 WHERE id = ?2 RETURNING id")
        sessions = try database.prepare("SELECT id, until FROM session")
        releaseSession = try database.prepare("UPDATE delivery SET holder = 0 WHERE queue = ?1 AND holder = ?2")
        dropConsumers = try database.prepare("DELETE FROM consumer WHERE session = ?1")
        dropSession = try database.prepare("DELETE FROM session WHERE id = ?1")
        addConsumer = try database.prepare("INSERT OR IGNORE INTO consumer VALUES (?1, ?2)")
        adoptClaims = try database.prepare("UPDATE claim SET session = ?1 WHERE session = ?2")
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine

/// What a batch of the ledger runs.
///
/// What looks at `ledger` stands behind what has put a row into `claim`, as a statement of its own: whoever waited there for another's mark
/// sees, in a later statement, what was marked. Rows that a transaction has made itself are known by its number.
///
/// No plan depends on how large the tables were when it was made: keys are always looked up by the arrays that were given, and what is joined
/// is hashed (the settings of a hot line see to it). A plan that was made for an empty table once walked all claims for each mark. In
/// `ledger`, whose index is one of hashes and takes no arrays, each key is looked up by itself.
extension Query {
    static let claimFresh = Query(
        "claim_fresh",
        """
        INSERT INTO claim (key, crashes, round, generation, fence, session, claimed)
        SELECT key, 0, round, 0, 1, $3::int8, statement_timestamp() FROM unnest($1::bytea[], $2::int8[]) AS asked (key, round)
        ON CONFLICT (key) DO NOTHING RETURNING key
        """)
    /// Those that are not fresh after all are let go again.
    static let claimKnown = Query(
        "claim_known",
        """
        DELETE FROM claim WHERE key = ANY (ARRAY(\(known))) AND xmin = pg_current_xact_id()::xid RETURNING key
        """)
    private static let known =
        "SELECT key FROM unnest($1::bytea[]) AS asked (key) WHERE (SELECT true FROM ledger WHERE ledger.key = asked.key LIMIT 1)"

    static let mark = Query(
        "mark",
        """
        WITH ended AS (
            DELETE FROM claim USING unnest($1::bytea[], $2::int8[], $3::int8[], $4::int8[]) AS asked (key, fence, state, round)
            WHERE claim.key = ANY ($1::bytea[]) AND claim.key = asked.key AND claim.fence = asked.fence
            RETURNING claim.key, asked.state, coalesce(asked.round, claim.round) AS round, claim.generation, claim.crashes, claim.fence,
                claim.claimed
        )
        INSERT INTO ledger (round, generation, fence, claimed, changed, day, crashes, state, key)
        SELECT round, generation, fence, claimed, statement_timestamp(), floor(extract(epoch FROM statement_timestamp()) / 86400)::int4,
            crashes, state::int2, key
        FROM ended RETURNING key
        """)

    /// Nobody claims it while it is marked.
    static let doneFresh = Query(
        "done_fresh",
        """
        WITH mine AS (
            SELECT claim.key, claim.generation FROM claim
            WHERE key = ANY ($1::bytea[]) AND xmin = pg_current_xact_id()::xid AND key <> ALL (ARRAY(\(known)))
        )
        INSERT INTO ledger (round, generation, fence, claimed, changed, day, crashes, state, key)
        SELECT 1, generation, 1, statement_timestamp(), statement_timestamp(),
            floor(extract(epoch FROM statement_timestamp()) / 86400)::int4, 0, $2::int8::int2, key
        FROM mine RETURNING key
        """)
    static let letGo = Query(
        "claim_let_go", "DELETE FROM claim WHERE key = ANY ($1::bytea[]) AND xmin = pg_current_xact_id()::xid")

    // MARK: One by one

    /// Takes a place for each key that nobody holds.
    static let hold = Query(
        "claim_hold",
        """
        INSERT INTO claim (key, crashes, round, generation, fence, session, claimed)
        SELECT key, 0, 1, generation, 0, $3::int8, statement_timestamp() FROM unnest($1::bytea[], $2::int8[]) AS asked (key, generation)
        ON CONFLICT (key) DO NOTHING
        """)
    static let lockClaims = Query(
        "claim_lock",
        """
        SELECT key, round, generation, crashes, fence, claimed, session, xmin = pg_current_xact_id()::xid FROM claim
        WHERE key = ANY ($1::bytea[]) ORDER BY key FOR UPDATE
        """)
    static let outcomes = Query(
        "ledger_outcomes",
        """
        SELECT newest.* FROM unnest($1::bytea[]) AS asked (key) CROSS JOIN LATERAL (
            SELECT key, round, generation, crashes, fence, state, claimed, changed, count(*) OVER () > 1 FROM ledger
            WHERE ledger.key = asked.key ORDER BY fence DESC LIMIT 1
        ) AS newest
        """)
    static let dropOlder = Query("ledger_drop_older", "DELETE FROM ledger WHERE key = $1::bytea AND fence < $2::int8")
    /// Holders whose lease has run out. Locked: whoever renews it now waits, and then finds what he has lost.
    static let goneHolders = Query(
        "session_gone",
        """
        SELECT id FROM session WHERE id IN (SELECT session FROM claim WHERE key = ANY ($1::bytea[])) AND until <= clock_timestamp()
        ORDER BY id FOR UPDATE
        """)
    static let holders = Query(
        "session_holders", "SELECT id, until FROM session WHERE id IN (SELECT session FROM claim WHERE key = ANY ($1::bytea[]))")
    static let now = Query("now", "SELECT clock_timestamp()")

    static let writeClaim = Query(
        "claim_write",
        """
        UPDATE claim SET round = $2::int8, generation = $3::int8, crashes = $4::int8, fence = $5::int8, session = $6::int8,
            claimed = clock_timestamp() WHERE key = $1::bytea
        """)
    static let endClaim = Query("claim_end", "DELETE FROM claim WHERE key = $1::bytea")
    static let writeOutcome = Query(
        "ledger_write",
        """
        INSERT INTO ledger (round, generation, fence, claimed, changed, day, crashes, state, key)
        VALUES ($2::int8, $3::int8, $5::int8, coalesce($7::timestamptz, statement_timestamp()), statement_timestamp(),
            floor(extract(epoch FROM statement_timestamp()) / 86400)::int4, $4::int8, $6::int8, $1::bytea)
        """)

    // MARK: Looking

    static let heldClaims = Query(
        "claim_held",
        """
        SELECT claim.key, claim.fence FROM claim JOIN unnest($1::bytea[], $2::int8[]) AS held (key, fence)
            ON claim.key = held.key AND claim.fence = held.fence WHERE claim.key = ANY ($1::bytea[])
        """)
    static let claimRows = Query(
        "claim_rows", "SELECT key, round, generation, crashes, fence, claimed FROM claim WHERE key = ANY ($1::bytea[])")
}

extension Row {
    /// Of `claim_lock` and `claim_rows`.
    var claim: LedgerRow {
        LedgerRow(
            state: .claimed, round: Int(integer(1)), generation: Int(integer(2)), crashes: Int(integer(3)), fence: integer(4))
    }

    /// Of `ledger_outcomes`.
    var outcome: LedgerRow {
        LedgerRow(
            state: LedgerState(rawValue: Int(integer(5))) ?? .free, round: Int(integer(1)), generation: Int(integer(2)),
            crashes: Int(integer(3)), fence: integer(4))
    }
}

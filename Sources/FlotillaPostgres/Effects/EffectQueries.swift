// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine

extension Migration {
    /// A row is written with its intent and once more with its result: in place, since nothing of an index changes.
    static let effects = [
        """
        CREATE TABLE effect (
            since timestamptz NOT NULL,
            changed timestamptz NOT NULL,
            fence bigint NOT NULL,
            run bigint NOT NULL,
            state smallint NOT NULL,
            secret boolean NOT NULL,
            event bytea NOT NULL,
            name text NOT NULL,
            key text NOT NULL,
            argument bytea NOT NULL,
            policy text NOT NULL,
            value bytea,
            sealed text,
            PRIMARY KEY (event, name, key)
        ) WITH (fillfactor = 70)
        """,
        // For letting go of what is old. The time of the intent, which never changes.
        "CREATE INDEX effect_since ON effect (since)",
    ]
}

/// What the port of effects runs. Each begins with the claim: locked, so that nobody takes it over or marks it before the commit.
extension Query {
    static let holdClaim = Query("effect_claim", "SELECT fence FROM claim WHERE key = $1::bytea AND fence = $2::int8 FOR SHARE")

    /// Under the claim that the statement before has locked; $3 is null without one.
    private static let isHeld = "($3::int8 IS NULL OR EXISTS (SELECT FROM claim WHERE key = $1::bytea AND fence = $3::int8))"
    private static let isMeant = "event = $1::bytea AND name = $2::text AND key = $4::text"
    static let effectColumns = "state, argument, policy, secret, value, sealed, since, changed, fence, run"

    static let intend = Query(
        "effect_intend",
        """
        INSERT INTO effect (event, name, key, state, argument, policy, secret, since, changed, fence, run)
        SELECT $1::bytea, $2::text, $4::text, \(EffectState.intended.rawValue), $5::bytea, $6::text, $7::bool, statement_timestamp(),
            statement_timestamp(), coalesce($3::int8, 0), $8::int8
        WHERE \(isHeld) ON CONFLICT DO NOTHING RETURNING since
        """)
    static let effectRow = Query(
        "effect_row",
        """
        SELECT \(effectColumns), clock_timestamp() FROM effect WHERE event = $1::bytea AND name = $2::text AND key = $3::text
        """)
    static let finishEffect = Query(
        "effect_finish",
        """
        INSERT INTO effect (event, name, key, state, argument, policy, secret, since, changed, fence, run, value, sealed)
        SELECT $1::bytea, $2::text, $4::text, \(EffectState.finished.rawValue), $5::bytea, $6::text, $7::bool, statement_timestamp(),
            statement_timestamp(), coalesce($3::int8, 0), $8::int8, $9::bytea, $10::text
        WHERE \(isHeld)
        ON CONFLICT (event, name, key) DO UPDATE SET state = excluded.state, secret = excluded.secret, changed = excluded.changed,
            fence = excluded.fence, run = excluded.run, value = excluded.value, sealed = excluded.sealed
        RETURNING since
        """)
    static let withdrawEffect = Query(
        "effect_withdraw",
        "DELETE FROM effect WHERE \(isMeant) AND state = \(EffectState.intended.rawValue) AND run = $5::int8 AND \(isHeld)")

    static let effectsOf = Query(
        "effect_list",
        """
        SELECT \(effectColumns), name, key FROM effect WHERE event = $1::bytea ORDER BY since, name COLLATE "C", key COLLATE "C"
        """)

    // MARK: A person's verdict

    static let lockEffect = Query(
        "effect_lock",
        """
        SELECT \(effectColumns), clock_timestamp() FROM effect WHERE event = $1::bytea AND name = $2::text AND key = $3::text FOR UPDATE
        """)
    static let runsNow = Query(
        "effect_runs",
        """
        SELECT FROM claim JOIN session ON session.id = claim.session WHERE claim.key = $1::bytea AND session.until > clock_timestamp()
        """)
    static let resolveEffect = Query(
        "effect_resolve",
        """
        UPDATE effect SET state = \(EffectState.resolved.rawValue), value = $4::bytea, sealed = $5::text, changed = statement_timestamp()
        WHERE event = $1::bytea AND name = $2::text AND key = $3::text
        """)
    static let dropEffect = Query(
        "effect_drop", "DELETE FROM effect WHERE event = $1::bytea AND name = $2::text AND key = $3::text")

    // MARK: Upkeep

    /// From before the oldest day of the ledger ($1), a part of them. An intent waits for a person $2 days, ten times over.
    static let pruneEffects = Query(
        "effect_prune",
        """
        DELETE FROM effect WHERE (event, name, key) IN (
            SELECT event, name, key FROM effect
            WHERE since < to_timestamp($1::int8 * 86400) AND changed < to_timestamp($1::int8 * 86400)
                AND (state <> \(EffectState.intended.rawValue)
                    OR since < clock_timestamp() - $2::int8 * interval '\(EffectTable.patience) days')
                AND NOT EXISTS (SELECT FROM ledger WHERE ledger.key = effect.event)
                AND NOT EXISTS (SELECT FROM claim WHERE claim.key = effect.event)
            LIMIT 20000
        )
        """)
}

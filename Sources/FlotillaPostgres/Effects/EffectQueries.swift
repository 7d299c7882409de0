// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// What the table `effect` is asked. Whatever writes under a claim stands behind `effect_claim` in its transaction: the claim is locked
/// until the commit, so that nobody marks it or takes it over in between.
extension Query {
    static let effectClaim = Query(
        "effect_claim", "SELECT FROM claim WHERE key = $1::bytea AND fence = $2::int8 FOR SHARE")

    static let effectBegin = Query(
        "effect_begin",
        """
        INSERT INTO effect (event, name, key, argument, policy, secret, state, since, changed, fence, run)
        SELECT $1::bytea, $2::text, $3::text, $4::bytea, $5::text, $6::bool, $9::int8, clock.now, clock.now, coalesce($7::int8, 0), $8::int8
        FROM (SELECT clock_timestamp() AS now) AS clock
        WHERE $7::int8 IS NULL OR EXISTS (SELECT FROM claim WHERE claim.key = $1::bytea AND claim.fence = $7::int8)
        ON CONFLICT DO NOTHING RETURNING true
        """)
    static let effectFind = Query(
        "effect_find",
        """
        SELECT name, key, state, argument, policy, secret, value, sealed, since, changed, fence, run, clock_timestamp()
        FROM effect WHERE event = $1::bytea AND name = $2::text AND key = $3::text
        """)
    /// What was there keeps its time and its argument: see `EffectTable.finish`.
    static let effectFinish = Query(
        "effect_finish",
        """
        INSERT INTO effect (event, name, key, argument, policy, secret, state, value, sealed, since, changed, fence, run)
        SELECT $1::bytea, $2::text, $3::text, $4::bytea, $5::text, $6::bool, $9::int8, $10::bytea, $11::text, clock.now, clock.now,
            coalesce($7::int8, 0), $8::int8
        FROM (SELECT clock_timestamp() AS now) AS clock
        WHERE $7::int8 IS NULL OR EXISTS (SELECT FROM claim WHERE claim.key = $1::bytea AND claim.fence = $7::int8)
        ON CONFLICT (event, name, key) DO UPDATE SET state = excluded.state, secret = excluded.secret, value = excluded.value,
            sealed = excluded.sealed, changed = excluded.changed, fence = excluded.fence, run = excluded.run
        """)
    static let effectWithdraw = Query(
        "effect_withdraw",
        """
        DELETE FROM effect WHERE event = $1::bytea AND name = $2::text AND key = $3::text AND state = $4::int8 AND run = $5::int8
            AND EXISTS (SELECT FROM claim WHERE claim.key = $1::bytea AND claim.fence = $6::int8)
        """)

    // MARK: For people

    static let effectList = Query(
        "effect_list",
        """
        SELECT name, key, state, argument, policy, secret, value, sealed, since, changed, fence, run, clock_timestamp()
        FROM effect WHERE event = $1::bytea ORDER BY since, name COLLATE "C", key COLLATE "C"
        """)
    /// A row when a worker that lives runs the event.
    static let effectRunning = Query(
        "effect_running",
        """
        SELECT claim.key FROM claim JOIN session ON session.id = claim.session
        WHERE claim.key = $1::bytea AND session.until > clock_timestamp()
        """)
    static let effectLock = Query(
        "effect_lock",
        """
        SELECT name, key, state, argument, policy, secret, value, sealed, since, changed, fence, run, clock_timestamp()
        FROM effect WHERE event = $1::bytea AND name = $2::text AND key = $3::text FOR UPDATE
        """)
    static let effectResolve = Query(
        "effect_resolve",
        """
        UPDATE effect SET state = $4::int8, value = $5::bytea, sealed = $6::text, changed = clock_timestamp()
        WHERE event = $1::bytea AND name = $2::text AND key = $3::text
        """)
    static let effectDrop = Query(
        "effect_drop", "DELETE FROM effect WHERE event = $1::bytea AND name = $2::text AND key = $3::text")

    /// Behind the rows of their events, a little at a time; $4 is the first day of the ledger. A clock that stands during the statement, or
    /// the index by time would be of no use. What was changed since it was found stays.
    static let pruneEffects = Query(
        "upkeep_effects",
        """
        DELETE FROM effect WHERE changed < statement_timestamp() - $1::int8 * interval '1 day' AND ctid = ANY (ARRAY(
            SELECT old.ctid FROM effect AS old
            WHERE since < to_timestamp($4::int8 * 86400) AND since < statement_timestamp() - $1::int8 * interval '1 day'
                AND changed < statement_timestamp() - $1::int8 * interval '1 day'
                AND (state <> $3::int8 OR changed < statement_timestamp() - $1::int8 * $2::int8 * interval '1 day')
                AND NOT EXISTS (SELECT FROM claim WHERE claim.key = old.event)
                AND NOT EXISTS (SELECT FROM ledger WHERE ledger.key = old.event)
            LIMIT $5::int8))
        """)
}

extension Row {
    /// Of `effect_find`, `effect_list` and `effect_lock`.
    var effect: EffectRow {
        let value = isNull(6) ? nil : text(7).map { EffectRecord.sealed(SealedSecret(key: $0, bytes: bytes(6))) } ?? .plain(bytes(6))
        let epoch = Timestamp(microseconds: 0)
        return EffectRow(
            // A state that nobody knows is one that nobody knows the end of.
            state: EffectState(rawValue: Int(integer(2))) ?? .intended, argument: bytes(3), policy: text(4) ?? "", isSecret: flag(5),
            value: value, since: time(8) ?? epoch, changed: time(9) ?? epoch, fence: integer(10), run: integer(11))
    }

    /// When the store was asked, by its own clock.
    var asked: Timestamp { time(12) ?? Timestamp(microseconds: 0) }
}

extension EffectName {
    var parameters: [Parameter] { [.key(event), .text(name), .text(key)] }
}

extension EffectRecord {
    /// The value, and under which key it is sealed.
    var parameters: [Parameter] {
        switch self {
        case .plain(let bytes): [.bytes(bytes), .null]
        case .sealed(let sealed): [.bytes(sealed.bytes), .text(sealed.key)]
        }
    }
}

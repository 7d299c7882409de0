// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// What the tables `lane` and `ticket` are asked. Whoever changes a strict lane holds its row in `lane`: one that nobody is in is made for the
/// time of the transaction.
extension Query {
    /// Nearly always a lane is free: this is all then.
    static let laneEnter = Query(
        "lane_enter",
        """
        INSERT INTO lane (lane, owner, turn, session, entered)
        SELECT lane, owner, turn, $4::int8, clock_timestamp() FROM unnest($1::bytea[], $2::int8[], $3::int8[]) AS asked (lane, owner, turn)
        ON CONFLICT (lane) DO NOTHING RETURNING lane
        """)
    static let laneFree = Query(
        "lane_free",
        """
        DELETE FROM lane USING unnest($1::bytea[], $2::int8[]) AS held (lane, turn)
        WHERE lane.lane = ANY ($1::bytea[]) AND lane.lane = held.lane AND lane.turn = held.turn
        """)
    static let laneHeld = Query(
        "lane_held",
        """
        SELECT lane.lane, lane.turn FROM lane JOIN unnest($1::bytea[], $2::int8[]) AS held (lane, turn)
            ON lane.lane = held.lane AND lane.turn = held.turn WHERE lane.lane = ANY ($1::bytea[])
        """)

    // MARK: One after the other

    /// Takes the row of each lane that nobody is in.
    static let laneHold = Query(
        "lane_hold",
        """
        INSERT INTO lane (lane, owner, turn, session, entered)
        SELECT lane, 0, 0, 0, clock_timestamp() FROM unnest($1::bytea[]) AS asked (lane) ON CONFLICT (lane) DO NOTHING
        """)
    static let laneLock = Query(
        "lane_lock",
        """
        SELECT lane, owner, turn, entered, xmin = pg_current_xact_id()::xid, session FROM lane WHERE lane = ANY ($1::bytea[])
        ORDER BY lane FOR UPDATE
        """)
    /// As `session_gone` of claims, and behind the lanes, as that is behind the claims.
    static let laneGone = Query(
        "lane_gone",
        """
        SELECT id FROM session WHERE id IN (SELECT session FROM lane WHERE lane = ANY ($1::bytea[])) AND until <= clock_timestamp()
        ORDER BY id FOR UPDATE
        """)
    static let laneSessions = Query(
        "lane_sessions", "SELECT id FROM session WHERE id IN (SELECT session FROM lane WHERE lane = ANY ($1::bytea[]))")
    static let laneTickets = Query(
        "lane_tickets", "SELECT lane, number, key, generation, due, asked FROM ticket WHERE key = ANY ($1::bytea[])")
    static let laneFirsts = Query(
        "lane_firsts",
        """
        SELECT found.* FROM unnest($1::bytea[]) AS asked (lane) CROSS JOIN LATERAL (
            SELECT lane, number, key, generation, due, asked FROM ticket WHERE ticket.lane = asked.lane ORDER BY number LIMIT $2::int8
        ) AS found
        """)
    static let laneLasts = Query(
        "lane_lasts",
        """
        SELECT found.* FROM unnest($1::bytea[]) AS asked (lane) CROSS JOIN LATERAL (
            SELECT lane, number, key, generation, due, asked FROM ticket WHERE ticket.lane = asked.lane ORDER BY number DESC LIMIT 1
        ) AS found
        """)

    static let laneWrite = Query(
        "lane_write",
        """
        UPDATE lane SET session = $2::int8, owner = $3::int8, turn = $4::int8, entered = clock_timestamp() WHERE lane = $1::bytea
        """)
    static let laneDrop = Query("lane_drop", "DELETE FROM lane WHERE lane = $1::bytea")
    static let ticketWrite = Query(
        "ticket_write",
        """
        INSERT INTO ticket (lane, number, key, generation, due, asked)
        VALUES ($1::bytea, $2::int8, $3::bytea, $4::int8, $5::timestamptz, $6::timestamptz)
        ON CONFLICT (lane, number) DO UPDATE SET generation = excluded.generation, due = excluded.due, asked = excluded.asked
        """)
    static let ticketDrop = Query("ticket_drop", "DELETE FROM ticket WHERE lane = $1::bytea AND number = $2::int8")

    // MARK: Upkeep

    static let pruneLanes = Query(
        "upkeep_lanes",
        """
        DELETE FROM lane WHERE $1::int8 > 0 AND entered < clock_timestamp() - $1::int8 * interval '1 day'
            AND NOT EXISTS (SELECT FROM session WHERE session.id = lane.session AND until > clock_timestamp())
        """)
    /// That nobody has come across.
    static let pruneTickets = Query(
        "upkeep_tickets", "DELETE FROM ticket WHERE $1::int8 > 0 AND asked < clock_timestamp() - $1::int8 * interval '1 day'")
}

extension Row {
    /// Of `lane_tickets`, `lane_firsts` and `lane_lasts`.
    var ticket: LaneTicket? {
        guard let lane = key(0), let key = key(2) else { return nil }
        return LaneTicket(
            lane: LaneKey(hash: lane), number: integer(1), key: key, generation: Int(integer(3)), due: time(4),
            asked: time(5) ?? Timestamp(microseconds: 0))
    }
}

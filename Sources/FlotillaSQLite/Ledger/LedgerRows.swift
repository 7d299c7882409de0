// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// What the file knows of one key: its claim if there is one, else its row in the ledger. Its round is in the columns `attempt`.
struct StoredRow {
    var row: LedgerRow
    /// Who claimed it; nil when nobody has it.
    var session: Int64?
    var claimed: Timestamp
    var changed: Timestamp
}

enum LedgerRows {
    static func find(_ key: LedgerKey, in turn: Turn) throws -> StoredRow? {
        let claim = turn.statements.claimRow
        key.withBytes { claim.bind(1, $0) }
        let claimed = try claim.row { row in
            let at = Timestamp(milliseconds: row.integer(5))
            return StoredRow(
                row: LedgerRow(
                    state: .claimed, round: Int(row.integer(0)), generation: Int(row.integer(1)), crashes: Int(row.integer(2)),
                    fence: row.integer(3)),
                session: row.integer(4), claimed: at, changed: at)
        }
        if let claimed { return claimed }
        let find = turn.statements.ledgerRow
        key.withBytes { find.bind(1, $0) }
        return try find.row { row in
            StoredRow(
                row: LedgerRow(
                    state: LedgerState(rawValue: Int(row.integer(0))) ?? .free, round: Int(row.integer(1)),
                    generation: Int(row.integer(2)), crashes: Int(row.integer(3)), fence: row.integer(4)),
                session: nil, claimed: Timestamp(milliseconds: row.integer(5)), changed: Timestamp(milliseconds: row.integer(6)))
        }
    }

    static func write(_ row: LedgerRow, for key: LedgerKey, replacing stored: StoredRow?, in turn: Turn) throws {
        if row.state == .claimed {
            let write = turn.statements.writeClaim
            key.withBytes { write.bind(1, $0) }
            write.bind(2, row.round)
            write.bind(3, row.generation)
            write.bind(4, row.crashes)
            write.bind(5, row.fence)
            write.bind(6, turn.session)
            write.bind(7, turn.now.milliseconds)
            try write.run()
        } else {
            if let stored, stored.row.state == .claimed { _ = try end(key, fence: stored.row.fence, in: turn) }
            try settle(row, for: key, claimed: stored?.claimed ?? turn.now, in: turn)
        }
    }

    /// Takes a claim away, if it is still under this fence.
    static func end(_ key: LedgerKey, fence: Int64, in turn: Turn) throws -> (row: LedgerRow, claimed: Timestamp)? {
        let end = turn.statements.endClaim
        key.withBytes { end.bind(1, $0) }
        end.bind(2, fence)
        return try end.row { row in
            (
                LedgerRow(
                    state: .claimed, round: Int(row.integer(0)), generation: Int(row.integer(1)), crashes: Int(row.integer(2)),
                    fence: fence),
                Timestamp(milliseconds: row.integer(3))
            )
        }
    }

    static func settle(_ row: LedgerRow, for key: LedgerKey, claimed: Timestamp, in turn: Turn) throws {
        let write = turn.statements.writeLedger
        key.withBytes { write.bind(1, $0) }
        write.bind(2, row.state.rawValue)
        write.bind(3, row.round)
        write.bind(4, row.generation)
        write.bind(5, row.crashes)
        write.bind(6, row.fence)
        write.bind(7, claimed.milliseconds)
        write.bind(8, turn.now.milliseconds)
        try write.run()
    }

    /// Until when the session that made a claim is known to live; nil when it is gone.
    static func heldUntil(_ stored: StoredRow, in turn: Turn) throws -> Timestamp? {
        guard let session = stored.session else { return nil }
        return try leaseEnd(of: session, in: turn)
    }

    static func lives(_ session: Int64, in turn: Turn) throws -> Bool { try leaseEnd(of: session, in: turn) != nil }

    private static func leaseEnd(of session: Int64, in turn: Turn) throws -> Timestamp? {
        let find = turn.statements.holderUntil
        find.bind(1, session)
        guard let until = try find.row({ Timestamp(milliseconds: $0.integer(0)) }) else { return nil }
        // A process that asks lives, even if its heartbeat is late: a full disk, a busy loop.
        if session == turn.session { return max(until, turn.now) }
        return until > turn.now ? until : nil
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// Lanes and tickets as the file has them, in one turn.
struct LaneRows: LaneStore {
    let turn: Turn

    var now: Timestamp { turn.now }
    private var statements: LaneStatements { turn.statements.lanes }

    func enter(_ lane: LaneKey, _ holder: LaneHolder) throws -> Bool {
        try write(lane, holder, by: statements.enter)
        return turn.database.changes == 1
    }

    func replace(_ lane: LaneKey, by holder: LaneHolder) throws {
        try write(lane, holder, by: statements.replace)
    }

    private func write(_ lane: LaneKey, _ holder: LaneHolder, by write: Statement) throws {
        lane.hash.withBytes { write.bind(1, $0) }
        write.bind(2, turn.session)
        write.bind(3, holder.owner)
        write.bind(4, holder.turn)
        write.bind(5, holder.entered.milliseconds)
        try write.run()
    }

    func holder(of lane: LaneKey) throws -> LaneHolder? {
        let find = statements.holder
        lane.hash.withBytes { find.bind(1, $0) }
        let found = try find.row { row in
            (
                session: row.integer(0),
                holder: LaneHolder(owner: row.integer(1), turn: row.integer(2), entered: Timestamp(milliseconds: row.integer(3)))
            )
        }
        guard let found else { return nil }
        var holder = found.holder
        holder.isAlive = try LedgerRows.lives(found.session, in: turn)
        return holder
    }

    func free(_ held: HeldLane) throws {
        let free = statements.free
        held.lane.hash.withBytes { free.bind(1, $0) }
        free.bind(2, held.turn)
        try free.run()
    }

    // MARK: Tickets

    func ticket(of key: LedgerKey) throws -> LaneTicket? { try ticket(by: statements.ticketOf, key) }
    func firstTicket(in lane: LaneKey) throws -> LaneTicket? { try ticket(by: statements.firstTicket, lane.hash) }
    func lastTicket(in lane: LaneKey) throws -> LaneTicket? { try ticket(by: statements.lastTicket, lane.hash) }

    private func ticket(by find: Statement, _ hash: LedgerKey) throws -> LaneTicket? {
        hash.withBytes { find.bind(1, $0) }
        return try find.row { row in
            guard let lane = row.bytes(0).withUnsafeBytes(LedgerKey.init(stored:)),
                let key = row.bytes(2).withUnsafeBytes(LedgerKey.init(stored:))
            else { return nil }
            return LaneTicket(
                lane: LaneKey(hash: lane), number: row.integer(1), key: key, generation: Int(row.integer(3)),
                due: row.optionalInteger(4).map { Timestamp(milliseconds: $0) }, asked: Timestamp(milliseconds: row.integer(5)))
        } ?? nil
    }

    func write(_ ticket: LaneTicket) throws {
        let write = statements.writeTicket
        ticket.lane.hash.withBytes { write.bind(1, $0) }
        write.bind(2, ticket.number)
        ticket.key.withBytes { write.bind(3, $0) }
        write.bind(4, ticket.generation)
        write.bind(5, ticket.due?.milliseconds)
        write.bind(6, ticket.asked.milliseconds)
        try write.run()
    }

    func drop(_ ticket: LaneTicket) throws {
        let drop = statements.dropTicket
        ticket.lane.hash.withBytes { drop.bind(1, $0) }
        drop.bind(2, ticket.number)
        try drop.run()
    }

    func row(of key: LedgerKey) throws -> LedgerRow? { try LedgerRows.find(key, in: turn)?.row }
}

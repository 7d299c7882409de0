// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// Who is in a lane, as every adapter keeps it.
package struct LaneHolder: Sendable, Equatable {
    package var owner: Int64
    package var turn: Int64
    package var entered: Timestamp
    /// Whether the process that entered still lives.
    package var isAlive: Bool

    package init(owner: Int64, turn: Int64, entered: Timestamp, isAlive: Bool = true) {
        self.owner = owner
        self.turn = turn
        self.entered = entered
        self.isAlive = isAlive
    }
}

/// The place of one event in a strict lane.
package struct LaneTicket: Sendable, Equatable {
    package let lane: LaneKey
    package let number: Int64
    package let key: LedgerKey
    package var generation: Int
    /// When its event will be tried again, if that was told.
    package var due: Timestamp?
    /// When it was last asked for, about; or since when others wait for it, if that is later.
    package var asked: Timestamp

    package init(lane: LaneKey, number: Int64, key: LedgerKey, generation: Int, due: Timestamp? = nil, asked: Timestamp) {
        self.lane = lane
        self.number = number
        self.key = key
        self.generation = generation
        self.due = due
        self.asked = asked
    }
}

/// What an adapter has of lanes, within one transaction of its store.
package protocol LaneStore {
    var now: Timestamp { get }

    /// Enters for this process; false when there is a holder already.
    func enter(_ lane: LaneKey, _ holder: LaneHolder) throws -> Bool
    func holder(of lane: LaneKey) throws -> LaneHolder?
    func replace(_ lane: LaneKey, by holder: LaneHolder) throws
    /// Under this turn alone.
    func free(_ held: HeldLane) throws

    func ticket(of key: LedgerKey) throws -> LaneTicket?
    func firstTicket(in lane: LaneKey) throws -> LaneTicket?
    func lastTicket(in lane: LaneKey) throws -> LaneTicket?
    /// In place of that with the same number.
    func write(_ ticket: LaneTicket) throws
    func drop(_ ticket: LaneTicket) throws

    func row(of key: LedgerKey) throws -> LedgerRow?
}

/// What lanes answer, and what is written for it: the same for every adapter.
package enum LaneTable {
    /// A ticket that is the first of its lane and is not asked for in this time, while others are, belongs to an event that is nowhere any more:
    /// its queue was emptied by hand. Those behind it that were not asked for in that time either leave with it.
    package static let patience = Duration.seconds(86_400)
    /// So often at most it is written down that a ticket was asked for.
    package static let pace = Duration.seconds(3600)
    /// Where nobody has asked for so long no worker was at work: such time counts against no ticket.
    package static let idleness = Duration.seconds(7200)

    package enum Fate: Sendable, Equatable {
        case stays
        /// Its event is at an end, or has a newer life: that one draws a ticket of its own.
        case ended
        case forgotten
    }

    package static func fate(of ticket: LaneTicket, row: LedgerRow?, now: Timestamp) -> Fate {
        if isOver(row, generation: ticket.generation) { return .ended }
        // What runs is not asked for.
        if row?.state == .claimed { return .stays }
        return now - max(ticket.asked, ticket.due ?? ticket.asked) > patience ? .forgotten : .stays
    }

    /// Nothing that comes of this generation will run.
    package static func isOver(_ row: LedgerRow?, generation: Int) -> Bool {
        guard let row else { return false }
        if row.generation != generation { return row.generation > generation }
        return switch row.state {
        case .done, .dead, .parked, .discarded: true
        case .free, .claimed, .retrying: false
        }
    }

    package static func change(_ store: some LaneStore, leaving: [LaneLeave], asking: [LaneRequest]) throws -> LaneReply {
        for leave in leaving { try self.leave(leave, store) }
        var reply = LaneReply()
        for request in asking { reply.answers.append(try answer(request, store, &reply.forgotten)) }
        return reply
    }

    private static func leave(_ leave: LaneLeave, _ store: some LaneStore) throws {
        try store.free(leave.held)
        guard let key = leave.ticket, var ticket = try store.ticket(of: key) else { return }
        if isOver(try store.row(of: key), generation: ticket.generation) {
            try store.drop(ticket)
            try renew(ticket.lane, store)
        } else if let due = leave.due {
            ticket.due = due
            try store.write(ticket)
        }
    }

    private static func answer(_ request: LaneRequest, _ store: some LaneStore, _ forgotten: inout Int) throws -> LaneAnswer {
        switch request.kind {
        case .exclusive:
            return try enter(request, store)
        case .strict(let limit), .ticket(let limit):
            if isOver(try store.row(of: request.key), generation: request.generation) { return .ended }
            if try isIdle(for: request, store) { try renew(request.lane, store) }
            let first = try self.first(in: request.lane, store, &forgotten)
            guard let ticket = try place(request, behind: first, limit: limit, store) else {
                return .full(first: first?.key ?? request.key)
            }
            let ahead = ticket.number - (first?.number ?? ticket.number)
            if case .strict = request.kind, ahead == 0 { return try enter(request, store) }
            return .behind(number: ticket.number, ahead: ahead, due: first?.due)
        }
    }

    private static func enter(_ request: LaneRequest, _ store: some LaneStore) throws -> LaneAnswer {
        let mine = LaneHolder(owner: request.owner, turn: request.turn, entered: store.now)
        if try !store.enter(request.lane, mine) {
            if let holder = try store.holder(of: request.lane), holder.isAlive, holder.owner != request.owner {
                return .busy(heldFor: max(store.now - holder.entered, .zero))
            }
            try store.replace(request.lane, by: mine)
        }
        return .entered(HeldLane(lane: request.lane, turn: request.turn))
    }

    /// The lowest ticket of an event that may still run. Those before it leave.
    private static func first(in lane: LaneKey, _ store: some LaneStore, _ forgotten: inout Int) throws -> LaneTicket? {
        var isNew = false
        while var ticket = try store.firstTicket(in: lane) {
            // One that has come to the front by an end was waited for by nobody. One behind a forgotten ticket was not asked for in that time.
            let isRenewed = isNew && renew(&ticket, store.now)
            switch fate(of: ticket, row: try store.row(of: ticket.key), now: store.now) {
            case .stays:
                if isRenewed { try store.write(ticket) }
                return ticket
            case .ended: isNew = true
            case .forgotten: forgotten += 1
            }
            try store.drop(ticket)
        }
        return nil
    }

    /// Whether nobody has asked in the lane for long. Who has a ticket knows by that; otherwise the last one is the newest, mostly.
    private static func isIdle(for request: LaneRequest, _ store: some LaneStore) throws -> Bool {
        guard let ticket = try store.ticket(of: request.key) ?? store.lastTicket(in: request.lane) else { return false }
        return store.now - ticket.asked > idleness
    }

    /// The patience with the first ticket begins now.
    private static func renew(_ lane: LaneKey, _ store: some LaneStore) throws {
        guard var first = try store.firstTicket(in: lane), renew(&first, store.now) else { return }
        try store.write(first)
    }

    private static func renew(_ ticket: inout LaneTicket, _ now: Timestamp) -> Bool {
        guard now - ticket.asked > pace else { return false }
        ticket.asked = now
        return true
    }

    /// The event's ticket, drawn now if it has none; nil when there are too many.
    private static func place(
        _ request: LaneRequest, behind first: LaneTicket?, limit: Int, _ store: some LaneStore
    ) throws -> LaneTicket? {
        if var ticket = try store.ticket(of: request.key) {
            // Another life of the event has lost the place of the one before.
            if ticket.generation == request.generation {
                if store.now - ticket.asked > pace {
                    ticket.asked = store.now
                    try store.write(ticket)
                }
                return ticket
            }
            try store.drop(ticket)
        }
        let last = try store.lastTicket(in: request.lane)
        if let first, let last, last.number - first.number + 1 >= Int64(limit) { return nil }
        let ticket = LaneTicket(
            lane: request.lane, number: (last?.number ?? 0) + 1, key: request.key, generation: request.generation, asked: store.now)
        try store.write(ticket)
        return ticket
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// Lanes and tickets as one transaction has read them, for `LaneTable` to change; then what has to be written.
final class LaneSheet: LaneStore {
    /// More tickets have to leave at the front of a lane than were read.
    struct Exhausted: Error {}

    let now: Timestamp
    private let session: Int64
    private var holders: [LaneKey: LaneHolder] = [:]
    private var tickets: [LaneKey: [Int64: LaneTicket]] = [:]
    /// An event has one at most.
    private var ticketOf: [LedgerKey: LaneTicket] = [:]
    /// Of lanes whose tickets were not all read: up to where they were.
    private var horizon: [LaneKey: Int64] = [:]
    private let rows: [LedgerKey: LedgerRow]
    private var entered: Set<LaneKey> = []
    private var writes: [Call] = []

    init(
        now: Timestamp, session: Int64, holders: [LaneKey: LaneHolder], firsts: [LaneTicket], others: [LaneTicket], limit: Int,
        rows: [LedgerKey: LedgerRow]
    ) {
        self.now = now
        self.session = session
        self.holders = holders
        self.rows = rows
        for (lane, found) in Dictionary(grouping: firsts, by: \.lane) where found.count >= limit {
            horizon[lane] = found.map(\.number).max()
        }
        for ticket in firsts + others { keep(ticket) }
    }

    /// Everything that has changed; a row for each lane of which nobody is in it goes.
    func calls(_ lanes: [LaneKey]) -> [Call] {
        var calls = writes
        for lane in lanes {
            if let holder = holders[lane] {
                guard entered.contains(lane) else { continue }
                calls.append(
                    Query.laneWrite(.key(lane.hash), .integer(session), .integer(holder.owner), .integer(holder.turn)))
            } else {
                calls.append(Query.laneDrop(.key(lane.hash)))
            }
        }
        return calls
    }

    func enter(_ lane: LaneKey, _ holder: LaneHolder) -> Bool {
        guard holders[lane] == nil else { return false }
        replace(lane, by: holder)
        return true
    }

    func holder(of lane: LaneKey) -> LaneHolder? { holders[lane] }

    func replace(_ lane: LaneKey, by holder: LaneHolder) {
        holders[lane] = holder
        entered.insert(lane)
    }

    func free(_ held: HeldLane) {
        if holders[held.lane]?.turn == held.turn { holders[held.lane] = nil }
    }

    func ticket(of key: LedgerKey) -> LaneTicket? { ticketOf[key] }

    func firstTicket(in lane: LaneKey) throws -> LaneTicket? {
        let first = tickets[lane]?.values.min { $0.number < $1.number }
        // Between those that were read and the last one there may be others.
        if let end = horizon[lane], first.map({ $0.number > end }) ?? true { throw Exhausted() }
        return first
    }

    func lastTicket(in lane: LaneKey) -> LaneTicket? { tickets[lane]?.values.max { $0.number < $1.number } }

    func write(_ ticket: LaneTicket) {
        keep(ticket)
        writes.append(
            Query.ticketWrite(
                .key(ticket.lane.hash), .integer(ticket.number), .key(ticket.key), .integer(ticket.generation), .time(orNull: ticket.due),
                .time(ticket.asked)))
    }

    func drop(_ ticket: LaneTicket) {
        tickets[ticket.lane]?[ticket.number] = nil
        ticketOf[ticket.key] = nil
        writes.append(Query.ticketDrop(.key(ticket.lane.hash), .integer(ticket.number)))
    }

    private func keep(_ ticket: LaneTicket) {
        tickets[ticket.lane, default: [:]][ticket.number] = ticket
        ticketOf[ticket.key] = ticket
    }

    func row(of key: LedgerKey) -> LedgerRow? { rows[key] }
}

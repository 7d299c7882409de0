// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

/// The Lanes port in memory, beside the ledger whose states it reads.
extension MemoryLedger: Lanes {
    package func change(leaving: [LaneLeave], asking: [LaneRequest]) async throws -> LaneReply {
        try withLanes { try LaneTable.change($0, leaving: leaving, asking: asking) }
    }

    package func lost(among held: [HeldLane]) async throws -> [HeldLane] {
        try withLanes { rows in
            held.filter { lane in
                guard rows.held[lane.lane]?.holder.turn == lane.turn else { return true }
                rows.held[lane.lane]?.leaseUntil = rows.now + rows.lease
                return false
            }
        }
    }
}

extension MemoryLedger {
    /// As if so much time had passed in which nobody asked for a ticket.
    package func age(tickets time: Duration) throws {
        try withLanes { rows in
            for ticket in rows.tickets.values.flatMap(\.self) {
                var ticket = ticket
                ticket.asked = ticket.asked - time
                rows.write(ticket)
            }
        }
    }
}

/// Lanes and tickets while the ledger is locked.
final class MemoryLanes: LaneStore {
    struct Held: Sendable {
        var holder: LaneHolder
        var leaseUntil: Timestamp
    }

    let now: Timestamp
    let lease: Duration
    var held: [LaneKey: Held]
    var tickets: [LaneKey: [LaneTicket]]
    private let rows: (LedgerKey) -> LedgerRow?

    init(
        now: Timestamp, lease: Duration, held: [LaneKey: Held], tickets: [LaneKey: [LaneTicket]], rows: @escaping (LedgerKey) -> LedgerRow?
    ) {
        self.now = now
        self.lease = lease
        self.held = held
        self.tickets = tickets
        self.rows = rows
    }

    func enter(_ lane: LaneKey, _ holder: LaneHolder) -> Bool {
        guard held[lane] == nil else { return false }
        replace(lane, by: holder)
        return true
    }

    func holder(of lane: LaneKey) -> LaneHolder? {
        guard let found = held[lane] else { return nil }
        var holder = found.holder
        holder.isAlive = found.leaseUntil > now
        return holder
    }

    func replace(_ lane: LaneKey, by holder: LaneHolder) { held[lane] = Held(holder: holder, leaseUntil: now + lease) }

    func free(_ lane: HeldLane) {
        if held[lane.lane]?.holder.turn == lane.turn { held[lane.lane] = nil }
    }

    func ticket(of key: LedgerKey) -> LaneTicket? { tickets.values.lazy.flatMap(\.self).first { $0.key == key } }
    func firstTicket(in lane: LaneKey) -> LaneTicket? { tickets[lane]?.min { $0.number < $1.number } }
    func lastTicket(in lane: LaneKey) -> LaneTicket? { tickets[lane]?.max { $0.number < $1.number } }

    func write(_ ticket: LaneTicket) {
        drop(ticket)
        tickets[ticket.lane, default: []].append(ticket)
    }

    func drop(_ ticket: LaneTicket) { tickets[ticket.lane]?.removeAll { $0.number == ticket.number } }

    func row(of key: LedgerKey) -> LedgerRow? { rows(key) }
}

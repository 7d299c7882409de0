// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import Testing

@testable import FlotillaPostgres

struct LaneSheetTests {
    private static let now = Timestamp(milliseconds: 9_000_000)

    private static func ticket(_ number: Int64, _ id: String, in lane: LaneKey, generation: Int = 0) throws -> LaneTicket {
        let key = try LedgerKey(consumer: "q", source: "/hooks/test", id: id)
        return LaneTicket(lane: lane, number: number, key: key, generation: generation, asked: now)
    }

    @Test func `an event's ticket is found wherever it was read, as it was written last, until it leaves`() throws {
        let lanes = try ["a", "b"].map { try LaneKey(consumer: "q", partitionKey: $0) }
        let (first, other) = (try Self.ticket(1, "1", in: lanes[0]), try Self.ticket(70, "2", in: lanes[1]))
        let sheet = LaneSheet(now: Self.now, session: 1, holders: [:], firsts: [first], others: [other, first], limit: 16, rows: [:])
        #expect(sheet.ticket(of: first.key) == first && sheet.ticket(of: other.key) == other)

        var later = first
        later.due = Self.now
        sheet.write(later)
        #expect(sheet.ticket(of: first.key) == later)
        sheet.drop(later)
        #expect(sheet.ticket(of: first.key) == nil && sheet.ticket(of: other.key) == other)
        // Another life of it draws the next number.
        let next = try Self.ticket(2, "1", in: lanes[0], generation: 1)
        sheet.write(next)
        #expect(sheet.ticket(of: first.key) == next)
        #expect(try sheet.firstTicket(in: lanes[0]) == next)
    }
}

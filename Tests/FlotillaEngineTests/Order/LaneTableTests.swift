// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaMemory
import FlotillaModel
import FlotillaRuntime
import Testing

struct LaneTableTests {
    private static let now = Timestamp(milliseconds: 1_000_000_000_000)
    private static let day = Duration.seconds(86_400)

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var state: LedgerState?
        var rowGeneration = 0
        var ticketGeneration = 0
        var asked = Duration.zero
        var due: Duration?
        let fate: LaneTable.Fate
    }

    static let cases =
        [LedgerState.done, .dead, .parked, .discarded].map { Case(testDescription: $0.name, state: $0, fate: .ended) }
        + [LedgerState.free, .claimed, .retrying].map { Case(testDescription: $0.name, state: $0, fate: .stays) }
        + [
            Case(testDescription: "not heard of", fate: .stays),
            Case(testDescription: "dead, and replayed", state: .dead, ticketGeneration: 1, fate: .stays),
            Case(testDescription: "of an older life", state: .retrying, rowGeneration: 1, fate: .ended),
            Case(testDescription: "not asked for in a day", asked: day + .seconds(1), fate: .forgotten),
            Case(testDescription: "not asked for in a day, free", state: .free, asked: day + .seconds(1), fate: .forgotten),
            Case(testDescription: "not asked for in a day, running", state: .claimed, asked: day + .seconds(1), fate: .stays),
            Case(testDescription: "due", state: .retrying, asked: day * 3, due: .seconds(-60), fate: .stays),
            Case(testDescription: "due long ago", state: .retrying, asked: day * 3, due: day * -2, fate: .forgotten),
            Case(testDescription: "not asked for in nearly a day", asked: day, fate: .stays),
        ]

    @Test(arguments: cases)
    func `a ticket stays until its event is at an end, or nobody has asked for it in a day`(_ example: Case) throws {
        let ticket = LaneTicket(
            lane: try LaneKey(consumer: "q", partitionKey: "k"), number: 1, key: try key("1"), generation: example.ticketGeneration,
            due: example.due.map { Self.now + $0 }, asked: Self.now - example.asked)
        let row = example.state.map { LedgerRow(state: $0, round: 1, generation: example.rowGeneration, fence: 1) }
        #expect(LaneTable.fate(of: ticket, row: row, now: Self.now) == example.fate)
    }

    @Test func `a ticket that was forgotten is dropped, and that is told`() async throws {
        let clock = ManualClock()
        let lanes = MemoryLedger(clock: clock)
        let lane = try LaneKey(consumer: "q", partitionKey: "k")
        func ask(_ id: String) async throws -> LaneReply {
            let request = LaneRequest(lane: lane, key: try key(id), generation: 0, owner: 1, turn: 1, kind: .strict(limit: 10))
            return try await lanes.change(leaving: [], asking: [request])
        }
        #expect(try await ask("1").forgotten == 0)
        _ = try await lanes.change(leaving: [LaneLeave(HeldLane(lane: lane, turn: 1))], asking: [])
        // Nobody asks.
        clock.advance(by: .seconds(86_000))
        for _ in 0..<25 {
            #expect(try await ask("2") == LaneReply(answers: [.behind(number: 2, ahead: 1, due: nil)]))
            clock.advance(by: .seconds(3500))
        }
        let reply = try await ask("2")
        #expect(reply.forgotten == 1 && reply.answers == [.entered(HeldLane(lane: lane, turn: 1))])
    }

    @Test func `a key of events is never that of a lane`() throws {
        let lane = try LaneKey(consumer: "q", partitionKey: "1")
        #expect(lane.hash != (try LedgerKey(consumer: "q", source: "/hooks/test", id: "1")))
        let (same, other) = (try LaneKey(consumer: "q", partitionKey: "1"), try LaneKey(consumer: "other", partitionKey: "1"))
        #expect(lane == same && lane != other)
        #expect(throws: InvalidEvent.self) { try Event(id: "1", source: "partition key", type: "t") }
    }
}

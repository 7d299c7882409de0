// SPDX-License-Identifier: Apache-2.0

import FlotillaMemory
import FlotillaModel
import Synchronization
import Testing

@testable import FlotillaEngine

struct HeldLanesTests {
    private static func held(_ turn: Int64) throws -> HeldLane {
        HeldLane(lane: try LaneKey(consumer: "q", partitionKey: "k"), turn: turn)
    }

    /// A task had seen the end of its line; before it let go of the lane, another one of this process entered for the next event.
    @Test func `whoever ends does not let go of what another one has entered since`() throws {
        let lanes = HeldLanes(NoLanes())
        let (first, second) = (try Self.held(1), try Self.held(2))
        lanes.hold(first, for: try key("1"))
        lanes.hold(second, for: try key("2"))
        #expect(lanes.release(first.lane, only: first.turn) == nil)
        #expect(lanes.release(second.lane, only: second.turn) == second)
    }

    /// The run that is to be cancelled may begin between the question and the answer.
    @Test func `a lost lane is told again until it is let go, and nothing goes on in it`() async throws {
        let lanes = HeldLanes(LosingLanes())
        let held = try Self.held(1)
        lanes.hold(held, for: try key("1"))
        for _ in 0..<2 { #expect(await lanes.lost() == [try key("1")]) }
        #expect(lanes.goOn(in: held.lane, with: try key("2")) == nil)
        #expect(lanes.release(held.lane) == nil)
        #expect(await lanes.lost().isEmpty)
    }
}

/// Whose process was taken for dead: everything is lost, and told once.
private final class LosingLanes: Lanes {
    private let isTold = Mutex(false)

    func change(leaving: [LaneLeave], asking: [LaneRequest]) async throws -> LaneReply { LaneReply() }

    func lost(among held: [HeldLane]) async throws -> [HeldLane] {
        isTold.withLock { told in
            defer { told = true }
            return told ? [] : held
        }
    }
}

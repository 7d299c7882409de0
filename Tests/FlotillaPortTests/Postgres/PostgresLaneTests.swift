// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaPostgres
import Synchronization
import Testing

@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .timeLimit(.minutes(2))) struct PostgresLaneTests {
    /// Whoever asks for a lane finds it taken, waits for its row, and the holder leaves: then there is no row to wait for.
    @Test func `a lane that goes from hand to hand is in one hand at a time`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let lane = try LaneKey(consumer: "q", partitionKey: "k")
            let inside = Inside()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for owner in Int64(1)...4 {
                    let lanes = PostgresLanes(try await harness.store { $0.lease = .seconds(60) })
                    group.addTask {
                        for visit in 0..<60 {
                            let turn = owner * 1000 + Int64(visit)
                            let request = LaneRequest(
                                lane: lane, key: try key("\(owner)"), generation: 0, owner: owner, turn: turn, kind: .exclusive)
                            var held = try await Self.enter(request, lanes)
                            while held == nil { held = try await Self.enter(request, lanes) }
                            inside.enter()
                            await Task.yield()
                            inside.leave()
                            if let held { _ = try await lanes.change(leaving: [LaneLeave(held)], asking: []) }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(inside.visits == 240)
            #expect(inside.most == 1)
        }
    }

    private static func enter(_ request: LaneRequest, _ lanes: PostgresLanes) async throws -> HeldLane? {
        guard case .entered(let held) = try await lanes.enter(request) else { return nil }
        return held
    }
}

private final class Inside: Sendable {
    private let state = Mutex((now: 0, most: 0, visits: 0))

    var most: Int { state.withLock { $0.most } }
    var visits: Int { state.withLock { $0.visits } }

    func enter() {
        state.withLock { state in
            state.now += 1
            state.visits += 1
            state.most = max(state.most, state.now)
        }
    }

    func leave() { state.withLock { $0.now -= 1 } }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import Synchronization
import TestSupport
import Testing

@testable import FlotillaPostgres

@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .timeLimit(.minutes(2))) struct PostgresLaneTests {
    /// Whoever asks for a lane finds it taken, waits for its row, and the holder leaves: then there is no row to wait for.
    @Test func `a lane that goes from hand to hand is in one hand at a time`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let lane = try LaneKey(consumer: "q", partitionKey: "k")
            let inside = Inside()
            try await within(.seconds(60), "the last visit") {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for owner in Int64(1)...4 {
                        let lanes = PostgresLanes(try await harness.store())
                        group.addTask {
                            for visit in 0..<60 {
                                let turn = owner * 1000 + Int64(visit)
                                let request = LaneRequest(
                                    lane: lane, key: try key("\(owner)"), generation: 0, owner: owner, turn: turn, kind: .exclusive)
                                let held = try await Self.insist(request, lanes)
                                inside.enter()
                                await Task.yield()
                                inside.leave()
                                _ = try await lanes.change(leaving: [LaneLeave(held)], asking: [])
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(inside.visits == 240)
            #expect(inside.most == 1)
        }
    }

    @Test func `a lane that is asked for on a lease that has run out stays with its holder when a renewal came first`() async throws {
        try await PostgresHarness.use(on: PostgresServer.shared) { harness in
            let lane = try LaneKey(consumer: "q", partitionKey: "k")
            let requests = try (0...1).map {
                LaneRequest(lane: lane, key: try key("\($0)"), generation: 0, owner: Int64($0), turn: Int64($0), kind: .exclusive)
            }
            let holder = try await harness.store { $0.lease = .seconds(60) }
            let held = try #require(try await Self.enter(requests[0], PostgresLanes(holder)))
            try harness.run("UPDATE session SET until = now() - interval '1 minute'")
            let renewal = try RawSession(harness.server.address())
            try renewal.run("SET search_path = \(harness.schema); BEGIN")
            try renewal.run("UPDATE session SET until = now() + interval '1 hour' WHERE id = \(holder.session.id)")
            let taker = PostgresLanes(try await harness.store())
            let asked = Task { try await Self.enter(requests[1], taker) }
            try await until { try harness.isWaiting("calls") }
            try renewal.run("COMMIT")
            #expect(try await asked.value == nil)
            #expect(try await PostgresLanes(holder).lost(among: [held]) == [])

            // Nobody renews it: the lane can be had.
            try harness.run("UPDATE session SET until = now() - interval '1 minute' WHERE id = \(holder.session.id)")
            #expect(try await Self.enter(requests[1], taker) != nil)
            #expect(try await PostgresLanes(holder).lost(among: [held]) == [held])
        }
    }

    private static func enter(_ request: LaneRequest, _ lanes: PostgresLanes) async throws -> HeldLane? {
        guard case .entered(let held) = try await lanes.enter(request) else { return nil }
        return held
    }

    /// Asks until it is in, or until nobody waits for it any more.
    private static func insist(_ request: LaneRequest, _ lanes: PostgresLanes) async throws -> HeldLane {
        while true {
            if let held = try await enter(request, lanes) { return held }
            try Task.checkCancellation()
        }
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

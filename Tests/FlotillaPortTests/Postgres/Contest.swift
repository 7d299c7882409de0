// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaPostgres
import FlotillaRuntime
import Synchronization
import TestSupport

/// Several processes that all want to run the same events, each as a pipeline would: whatever fails is asked again, until the event is
/// known to be done. Tells how often each event was run, and whether it ever ran twice at the same time.
final class Contest: Sendable {
    private struct State {
        var running: Set<Int> = []
        var runs: [Int: Int] = [:]
        var overlaps = 0
        var failures: [String: Int] = [:]
        var longest = Duration.zero
    }

    private let state = Mutex(State())
    /// Events that were marked.
    let marked = Tally()
    private let events: Int
    private let lane: String

    init(events: Int, lane: String = "contest") {
        self.events = events
        self.lane = lane
    }

    var overlaps: Int { state.withLock { $0.overlaps } }
    /// Events that were run so often; each should have been once.
    func events(run times: Int) -> Int { state.withLock { state in state.runs.values.count { $0 == times } } }
    var failures: [String: Int] { state.withLock { $0.failures } }
    var failureCount: Int { state.withLock { $0.failures.values.reduce(0, +) } }
    /// How long somebody waited for his answer, at most.
    var longest: Duration { state.withLock { $0.longest } }

    /// Returns when every process knows of every event that it is done.
    func run(_ ledgers: [any Ledger], lanes: Int = 32) async throws {
        let loop = try Loop("contest")
        defer { loop.stop() }
        let sleeper = LoopSleeper(loop)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (process, ledger) in ledgers.enumerated() {
                for first in 0..<lanes {
                    group.addTask {
                        // Each process in another order.
                        for step in stride(from: first, to: self.events, by: lanes) {
                            let number = process % 2 == 0 ? step : self.events - 1 - step
                            try await self.live(number, ledger, sleeper)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func live(_ number: Int, _ ledger: any Ledger, _ sleeper: any Sleeper) async throws {
        let key = try key("\(number)", consumer: lane)
        while true {
            let answer = try await insisting(sleeper) { try await ledger.claim(key, round: 1, generation: 0, alone: false) }
            switch answer {
            case .run(let fence):
                enter(number)
                await Task.yield()
                leave(number)
                if try await insisting(sleeper, { try await ledger.mark(key, fence: fence, as: .done) }) {
                    marked.add()
                    return
                }
            case .duplicate(.done): return
            default: try await sleeper.sleep(for: .milliseconds(5))
            }
        }
    }

    private func enter(_ number: Int) {
        state.withLock { state in
            state.runs[number, default: 0] += 1
            if !state.running.insert(number).inserted { state.overlaps += 1 }
        }
    }

    private func leave(_ number: Int) { state.withLock { _ = $0.running.remove(number) } }

    private func insisting<Value: Sendable>(_ sleeper: any Sleeper, _ body: () async throws -> Value) async throws -> Value {
        let clock = ContinuousClock()
        while true {
            let begin = clock.now
            defer { state.withLock { $0.longest = max($0.longest, clock.now - begin) } }
            do {
                return try await body()
            } catch {
                try Task.checkCancellation()
                state.withLock { $0.failures["\(error)", default: 0] += 1 }
                try await sleeper.sleep(for: .milliseconds(20))
            }
        }
    }
}

/// What `body` answers once a connection that was lost is there again.
func insisting<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
    try await within(.seconds(60), "an answer of the database") {
        let loop = try Loop("insisting")
        defer { loop.stop() }
        while true {
            do { return try await body() } catch is PostgresFailure { try await LoopSleeper(loop).sleep(for: .milliseconds(20)) }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import Synchronization
import TestSupport
import Testing

/// What the handler says of the one event of a crash test, every time.
enum Verdict: String, Sendable, CaseIterable {
    case done, retry, dead, park, throwing

    func outcome() throws -> Outcome {
        switch self {
        case .done: .done
        case .retry: .retry("not yet", after: .milliseconds(1))
        case .dead: .dead("never")
        case .park: .park(connection: "c", "no consent")
        case .throwing: throw Failure(.transient, "not yet")
        }
    }

    /// Where the event may end, when processes are killed on its way. It may always be given up as one that kills them.
    var ends: Set<LedgerState> {
        switch self {
        case .done: [.done, .dead]
        case .park: [.parked, .dead]
        case .retry, .dead, .throwing: [.dead]
        }
    }
}

private struct Scripted: Handler {
    let verdict: Verdict
    let life: Life
    let runs: Tally

    func handle(_ event: Event, context: Context) async throws -> Outcome {
        // A killed process runs no handlers.
        try life.check()
        runs.add()
        return try verdict.outcome()
    }
}

/// The moments at which processes have been killed: once for each attempt.
private final class Kills: Sendable {
    private let attempts = Mutex<Set<Int>>([])
    let stage: PipelineStage

    init(at stage: PipelineStage) {
        self.stage = stage
    }

    var count: Int { attempts.withLock { $0.count } }

    func strikes(_ stage: PipelineStage, _ delivery: Delivery) -> Bool {
        stage == self.stage && attempts.withLock { $0.insert(delivery.passage.attempt).inserted }
    }
}

struct CrashTests {
    /// A process is killed at the same stage of each attempt; another one goes on with what the broker and the ledger have.
    @Test(arguments: Adapter.lives, PipelineStage.allCases)
    func `whatever is killed between two stages, an event ends once, at one place`(_ adapter: Adapter, _ stage: PipelineStage) async throws
    {
        for verdict in Verdict.allCases {
            try await adapter.harness { harness in
                try await Self.live(harness, stage, verdict)
            }
        }
    }

    private static func live(_ harness: any Harness, _ stage: PipelineStage, _ verdict: Verdict) async throws {
        let kills = Kills(at: stage)
        let runs = Tally()
        let one = try key("1")
        var holder = try await harness.open()
        try await holder.broker.declare("q", bindings: [pattern("t")])
        try await holder.broker.publish([event("1")])
        for process in 1... {
            try #require(process < 40, "\(stage), \(verdict): no end after \(process) processes")
            let life = Life { kills.strikes($0, $1) }
            let killed = try await Self.process(holder, life, Scripted(verdict: verdict, life: life, runs: runs)) { [holder] in
                let state = try await holder.state(one)
                return try await holder.depth("q") == 0 && (state.map(verdict.ends.contains) ?? false)
            }
            guard killed else { break }
            await holder.vanish()
            holder = try await harness.open()
        }
        let state = try #require(try await holder.state(one))
        let dead = try await holder.letters("q.dead")
        let parked = try await holder.letters("q.parked")
        let note = Comment(
            rawValue: "\(stage), \(verdict): \(state.name), \(dead.count) dead, \(parked.count) parked, \(kills.count) kills")
        #expect(verdict.ends.contains(state), note)
        #expect(dead.count == (state == .dead ? 1 : 0), note)
        #expect(parked.count == (state == .parked ? 1 : 0), note)
        #expect(runs.count <= 24, note)
        // What is done has no copy.
        #expect(kills.count > 0 || (stage == .forwarded && verdict == .done), note)
    }

    /// Runs a worker until its process is killed, or all is at its end. True when it was killed.
    private static func process(
        _ holder: Holder, _ life: Life, _ handler: Scripted, until end: @escaping @Sendable () async throws -> Bool
    ) async throws -> Bool {
        let loop = try Loop("worker")
        defer { loop.stop() }
        var settings = Worker.Settings(queue: "q", bindings: [try pattern("t")], concurrency: 2, prefetch: 4)
        settings.policy = RetryPolicy(firstDelay: .milliseconds(1), longestDelay: .milliseconds(2))
        let worker = Worker(
            settings, handler: handler, broker: MortalBroker(broker: holder.broker, life: life),
            ledger: MortalLedger(ledger: holder.ledger, life: life), effects: holder.effects, clock: SystemClock(),
            sleeper: LoopSleeper(loop), solitude: Solitude(), watcher: life)
        let running = Task { try? await worker.run() }
        try await within(.seconds(60), "an end") {
            while !life.isOver {
                if try await end() { return }
                try await LoopSleeper(loop).sleep(for: .milliseconds(2))
            }
        }
        running.cancel()
        _ = await running.value
        return life.isOver
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import Synchronization
import TestSupport
import Testing

/// What handlers of several workers did, and whether two of one key ever ran at once.
final class OrderRecord: Sendable {
    private struct State {
        var running: [String: String] = [:]
        var runs: [String: [String]] = [:]
        var overlaps: [String] = []
        var most = 0
    }

    private let state = Mutex(State())
    let begun = Tally()

    /// Ids in the order in which their runs began, for each key.
    var runs: [String: [String]] { state.withLock { $0.runs } }
    /// Which ran while another of its key did.
    var overlaps: [String] { state.withLock { $0.overlaps } }
    /// How many keys were at work at once, at most.
    var most: Int { state.withLock { $0.most } }

    func begin(_ event: Event) {
        state.withLock { state in
            let key = event.partitionKey ?? event.id
            if let other = state.running[key] { state.overlaps.append("\(event.id) beside \(other)") }
            state.running[key] = event.id
            state.runs[key, default: []].append(event.id)
            state.most = max(state.most, state.running.count)
        }
        begun.add()
    }

    func end(_ event: Event) {
        state.withLock { $0.running[event.partitionKey ?? event.id] = nil }
    }
}

/// Says of each event what `outcome` says, and gives others time to run beside it.
struct OrderedHandler: Handler {
    let order: EventOrder
    let record: OrderRecord
    var life: Life?
    var outcome: @Sendable (Event, Context) async throws -> Outcome = { _, _ in .done }

    func handle(_ event: Event, context: Context) async throws -> Outcome {
        // A killed process runs no handlers.
        try life?.check()
        record.begin(event)
        defer { record.end(event) }
        for _ in 0..<10 { await Task.yield() }
        return try await outcome(event, context)
    }
}

/// A worker at work on the queue `q` of one holder: from `init` to `drain` or `kill`.
final class OrderedWorker: Sendable {
    private let worker: Worker
    private let loop: Loop
    private let running: Task<Void, Never>

    init(
        _ holder: Holder, _ handler: OrderedHandler, life: Life? = nil, concurrency: Int = 8, prefetch: Int = 32, laneLimit: Int = 1000,
        lanePatience: Duration = .seconds(60), tickets: Tickets? = nil
    ) throws {
        loop = try Loop("worker")
        var settings = Worker.Settings(queue: "q", bindings: [try pattern("t")], concurrency: concurrency, prefetch: prefetch)
        settings.policy = RetryPolicy(firstDelay: .milliseconds(1), longestDelay: .milliseconds(2))
        settings.sweep = .milliseconds(100)
        settings.laneLimit = laneLimit
        settings.lanePatience = lanePatience
        let life = life ?? Life { _, _ in false }
        let lanes = tickets.map { CountedLanes(lanes: holder.lanes, tickets: $0) as any Lanes } ?? holder.lanes
        let worker = Worker(
            settings, handler: handler, broker: MortalBroker(broker: holder.broker, life: life),
            ledger: MortalLedger(ledger: holder.ledger, life: life), lanes: MortalLanes(lanes: lanes, life: life),
            effects: holder.effects,
            clock: SystemClock(), sleeper: LoopSleeper(loop), solitude: Solitude(), watcher: life)
        self.worker = worker
        running = Task { try? await worker.run() }
    }

    func drain() async {
        await worker.drain()
        await running.value
        loop.stop()
    }

    /// When its life is over.
    func end() async {
        running.cancel()
        await running.value
        loop.stop()
    }
}

struct MortalLanes: Lanes {
    let lanes: any Lanes
    let life: Life

    func change(leaving: [LaneLeave], asking: [LaneRequest]) async throws -> LaneReply {
        try life.check()
        return try await lanes.change(leaving: leaving, asking: asking)
    }

    func lost(among held: [HeldLane]) async throws -> [HeldLane] {
        try life.check()
        return try await lanes.lost(among: held)
    }
}

/// The order in which the events of each lane got their tickets, whichever worker came with them.
final class Tickets: Sendable {
    private let drawn = Mutex<[LaneKey: [LedgerKey]]>([:])
    /// One asks at a time, so that the order of the answers is that of the tickets.
    fileprivate let turnstile = Turnstile(places: 1)

    func drawn(in lane: LaneKey) -> [LedgerKey] { drawn.withLock { $0[lane] ?? [] } }

    fileprivate func add(_ request: LaneRequest, _ answer: LaneAnswer) {
        switch answer {
        case .full, .ended: return
        case .entered, .busy, .behind: break
        }
        drawn.withLock { drawn in
            if !(drawn[request.lane] ?? []).contains(request.key) { drawn[request.lane, default: []].append(request.key) }
        }
    }
}

private struct CountedLanes: Lanes {
    let lanes: any Lanes
    let tickets: Tickets

    func change(leaving: [LaneLeave], asking: [LaneRequest]) async throws -> LaneReply {
        await tickets.turnstile.enter()
        defer { tickets.turnstile.leave() }
        let reply = try await lanes.change(leaving: leaving, asking: asking)
        for (request, answer) in zip(asking, reply.answers) { tickets.add(request, answer) }
        return reply
    }

    func lost(among held: [HeldLane]) async throws -> [HeldLane] { try await lanes.lost(among: held) }
}

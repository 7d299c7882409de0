// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaMemory
import FlotillaModel
import FlotillaRuntime
import TestSupport
import Testing

/// A handler made of a closure.
struct Doing: Handler {
    var isRepeatable = false
    var order = EventOrder.exclusive
    var retries: RetryPolicy?
    let body: @Sendable (Event, Context) async throws -> Outcome

    func handle(_ event: Event, context: Context) async throws -> Outcome { try await body(event, context) }
}

/// One worker on a broker and a ledger in memory, with a clock that moves when told and a record of what happens.
final class Bench: Sendable {
    let clock: ManualClock
    let sleeper: ManualSleeper
    let broker: MemoryBroker
    let ledger: MemoryLedger
    let consents: MemoryConsents
    let record = Record()
    let solitude = Solitude()

    private init(loop: Loop) {
        clock = ManualClock()
        sleeper = ManualSleeper(clock)
        broker = MemoryBroker(clock: clock, loop: loop)
        ledger = MemoryLedger(clock: clock)
        consents = MemoryConsents(clock: clock)
    }

    static func use(_ body: (Bench) async throws -> Void) async throws {
        let loop = try Loop("bench")
        defer { loop.stop() }
        let bench = Bench(loop: loop)
        try await bench.broker.declare("q", bindings: [pattern("t")])
        try await body(bench)
    }

    var parking: Parking { Parking(park: broker, consents: consents, ledger: ledger) }

    func worker(
        parks: Bool = false, concurrency: Int = 1, prefetch: Int = 1, handler: any Handler, lanes: (any Lanes)? = nil,
        change: (inout Worker.Settings) -> Void = { _ in }, forwarded: @escaping @Sendable () async throws -> Void = {}
    ) throws -> Worker {
        var settings = Worker.Settings(queue: "q", bindings: [try pattern("t")], concurrency: concurrency, prefetch: prefetch)
        settings.policy = RetryPolicy(firstDelay: .seconds(10))
        settings.handlerLimit = .seconds(60)
        settings.handlerGrace = .seconds(5)
        change(&settings)
        return Worker(
            settings, handler: handler, broker: RecordingBroker(broker: broker, record: record, forwarded: forwarded),
            ledger: RecordingLedger(ledger: ledger, record: record), lanes: lanes ?? ledger,
            effects: RecordingEffects(effects: ledger, record: record), clock: clock, sleeper: sleeper, solitude: solitude,
            parking: parks ? parking : nil,
            watcher: RecordingWatcher(record: record), chance: { 1 })
    }

    /// The worker runs for the time of `body`, and is drained after it.
    func running(_ worker: Worker, _ body: () async throws -> Void) async throws {
        let running = Task { try await worker.run() }
        do { try await body() } catch {
            running.cancel()
            _ = await running.result
            throw error
        }
        await worker.drain()
        try await within { try await running.value }
    }

    /// What becomes of one event, handled by this handler, up to the first time that its delivery is settled.
    func settle(_ handler: any Handler, damaged: Bool = false) async throws -> [String] {
        if damaged { try await broker.publishDamaged(to: "q") } else { try await broker.publish([event("1")]) }
        try await running(try worker(handler: handler)) { try await record.reach("settled") }
        return record.steps.filter { $0 != "settled" }
    }

    func entry(_ id: String = "1") async throws -> LedgerRow? { try await ledger.entry(for: key(id))?.row }

    /// What was delayed and is due is handed out.
    func pass(_ duration: Duration) async throws {
        sleeper.advance(by: duration)
        try await broker.publish([])
    }
}

private struct RecordingWatcher: WorkerWatcher {
    let record: Record

    func reached(_ stage: PipelineStage, _ delivery: Delivery) {
        if stage == .handled { record.add("handle") }
        if stage == .settled { record.add("settled") }
    }
}

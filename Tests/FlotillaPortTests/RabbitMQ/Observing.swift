// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaMemory
import FlotillaModel
import FlotillaRabbitMQ
import FlotillaRuntime
import Synchronization
import TestSupport
import Testing

/// Ids that were seen, each once however often it comes.
final class Ids: Sendable {
    private let seen = Mutex<Set<String>>([])
    let tally = Tally()

    var all: Set<String> { seen.withLock { $0 } }

    func add(_ id: String) {
        if seen.withLock({ $0.insert(id).inserted }) { tally.add() }
    }
}

/// Counts deliveries by id, acknowledging each.
func collect(_ subscription: any Subscription, into ids: Ids) -> Task<Void, any Error> {
    Task {
        while let delivery = try await subscription.next() {
            ids.add(delivery.id)
            delivery.acknowledge()
        }
    }
}

/// Asks again and again; what the broker complains of when it does not come is part of the failure.
func until(_ broker: RabbitBroker, _ condition: @escaping @Sendable () async throws -> Bool) async throws {
    do {
        try await TestSupport.until(within: .seconds(60), condition)
    } catch {
        Issue.record("the broker says: \(await broker.ailment() ?? "nothing")")
        throw error
    }
}

/// Publishes from many tasks at once, and knows which publishes returned and how many threw.
struct Crowd {
    let lanes: Int
    let each: Int
    let returned = Ids()
    let failed = Tally()
    /// Those of both kinds.
    let over = Tally()

    var count: Int { lanes * each }

    func publish(to broker: any Broker) async {
        await withTaskGroup(of: Void.self) { group in
            for lane in 0..<lanes {
                group.addTask {
                    for number in 0..<each {
                        let id = "\(lane)-\(number)"
                        do {
                            try await broker.publish([event(id)])
                            returned.add(id)
                        } catch {
                            failed.add()
                        }
                        over.add()
                    }
                }
            }
        }
    }
}

/// A worker at work on the queue `q`, with a ledger in memory: counts how often its handler runs for each event.
final class WorkerAtWork: Sendable {
    private let worker: Worker
    private let counted: Counted
    private let loop: Loop
    private let running: Task<Void, any Error>

    init(
        _ broker: RabbitBroker, ledger: MemoryLedger = MemoryLedger(clock: SystemClock(), lease: .milliseconds(800)),
        _ body: @escaping @Sendable (Event) async -> Outcome = { _ in .done }
    ) throws {
        loop = try Loop("worker")
        let counted = Counted(body)
        let worker = Worker(
            Worker.Settings(queue: "q", bindings: [try pattern("t")], concurrency: 64, prefetch: 256), handler: counted,
            broker: broker, ledger: ledger, effects: ledger, clock: SystemClock(), sleeper: LoopSleeper(loop), solitude: Solitude())
        self.worker = worker
        self.counted = counted
        running = Task { try await worker.run() }
    }

    var all: [String: Int] { counted.runs.withLock { $0 } }

    /// Ends it when all that returned has run and nothing is on its way any more: nothing may have run twice.
    func finish(having returned: Set<String>, from broker: RabbitBroker) async throws {
        try await until(broker) { [self] in returned.isSubset(of: all.keys) }
        try await until(broker) {
            try await broker.queues().filter { $0.name == "q" || $0.name == "flotilla.delay" }
                .allSatisfy { $0.ready + $0.held + $0.delayed == 0 }
        }
        try await drain()
        let again = all.filter { $0.value != 1 }
        #expect(again.isEmpty, "\(again.count) of \(all.count) ran again, such as \(again.keys.sorted().prefix(5))")
    }

    func drain() async throws {
        await worker.drain()
        try await running.value
        loop.stop()
    }

    private final class Counted: Handler {
        let runs = Mutex<[String: Int]>([:])
        private let body: @Sendable (Event) async -> Outcome

        init(_ body: @escaping @Sendable (Event) async -> Outcome) {
            self.body = body
        }

        func handle(_ event: Event, context: Context) async throws -> Outcome {
            runs.withLock { $0[event.id, default: 0] += 1 }
            return await body(event)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRabbitMQ
import FlotillaRuntime
import FlotillaSQLite
import Synchronization
import TestSupport
import Testing

/// A fleet at work on a cluster: one process publishes with the journal on, two consume and share a ledger. Each of the three connects to
/// another node first, and the one that publishes to that of the queue's leader: it may lose both at once. From `start` to `finish`.
final class ClusterLoad: Sendable {
    private static let queue = "q"

    let publisher: RabbitBroker
    private let replicas: [RabbitBroker]
    private let workers: [Worker]
    private let files: [SQLiteFile]
    private let folder: Folder
    private let timers: Loop
    private let working: Task<Void, any Error>
    /// Whose publish returned, whose threw, and how often the handler ran for each.
    let returned = Ids()
    let failed = Tally()
    let runs = Runs()
    private let lastFailure = Mutex("")
    private let stopping = Atomic(false)
    private let probes = Atomic(0)

    private init(
        _ publisher: RabbitBroker, _ replicas: [RabbitBroker], _ files: [SQLiteFile], _ folder: Folder
    ) throws {
        self.publisher = publisher
        self.replicas = replicas
        self.files = files
        self.folder = folder
        let timers = try Loop("cluster-timers")
        self.timers = timers
        let runs = runs
        workers = try zip(replicas, files).map { broker, file in
            var settings = Worker.Settings(queue: Self.queue, bindings: [try pattern("t")], concurrency: 16, prefetch: 64)
            settings.sweep = .milliseconds(100)
            return Worker(
                settings, handler: Counting(runs: runs), broker: broker, ledger: SQLiteLedger(file),
                effects: SQLiteEffects(file), clock: SystemClock(), sleeper: LoopSleeper(timers), solitude: Solitude())
        }
        working = Task { [workers] in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in workers { group.addTask { try await worker.run() } }
                try await group.waitForAll()
            }
        }
    }

    static func start(on cluster: RabbitCluster, prefix: String) async throws -> ClusterLoad {
        var options = RabbitBroker.Options()
        options.prefix = prefix
        let first = try await RabbitBroker.open(try cluster.address(from: 0), options: options)
        try await first.declare(queue, bindings: [pattern("t")])
        await first.close()
        let leader = try await cluster.leader(of: prefix + queue)
        let folder = try Folder()
        var replicas: [RabbitBroker] = []
        var files: [SQLiteFile] = []
        for number in 1...2 {
            replicas.append(try await RabbitBroker.open(try cluster.address(from: leader + number), options: options, random: FirstHost()))
            files.append(try await SQLiteFile.open(folder.path + "/ledger.db"))
        }
        options.journal = JournalRetention(days: 1, bytes: 1_000_000_000)
        let publisher = try await RabbitBroker.open(try cluster.address(from: leader), options: options, random: FirstHost())
        return try ClusterLoad(publisher, replicas, files, folder)
    }

    /// Each lane publishes one event after the other until `stop`.
    func publish(lanes: Int) -> Task<Void, Never> {
        Task {
            await withTaskGroup(of: Void.self) { group in
                for lane in 0..<lanes {
                    group.addTask { [self] in
                        var number = 0
                        while !stopping.load(ordering: .relaxed) {
                            await publish("\(lane)-\(number)")
                            number += 1
                        }
                    }
                }
            }
        }
    }

    func stop() { stopping.store(true, ordering: .relaxed) }

    /// Returns when an event that was published from now on was handled.
    func delivers() async throws {
        while true {
            let id = "probe-\(probes.add(1, ordering: .relaxed).newValue)"
            if await publish(id) { return try await until { [runs] in runs.count(of: id) > 0 } }
        }
    }

    @discardableResult
    private func publish(_ id: String) async -> Bool {
        guard let event = try? event(id) else { return false }
        do {
            try await publisher.publish([event])
            returned.add(id)
            return true
        } catch {
            failed.add()
            lastFailure.withLock { $0 = "\(error)" }
            return false
        }
    }

    /// The ids that the journal holds.
    func journaled() async throws -> Set<String> {
        var ids: Set<String> = []
        guard let end = try await publisher.journalEnd() else { return ids }
        var place: JournalPlace?
        repeat {
            let part = try await publisher.journalPart(behind: place, upTo: end, since: nil)
            #expect(part.unreadable == 0)
            ids.formUnion(part.entries.map(\.event.id))
            place = part.next
        } while place != nil
        return ids
    }

    /// Nothing waits in the queue, on a rung, or with a worker.
    func isIdle() async throws -> Bool {
        for broker in replicas + [publisher] {
            let reports = try await broker.queues()
            guard reports.allSatisfy({ $0.ready + $0.held + $0.delayed == 0 }) else { return false }
        }
        return true
    }

    func letters() async throws -> [Letter] {
        try await publisher.letters(in: QueueNames.dead(Self.queue), matching: LetterFilter(), limit: 10)
    }

    /// What the three say, and why a publish failed last.
    func ailments() async -> String {
        var words: [String] = []
        for broker in [publisher] + replicas { words.append(await broker.ailment() ?? "nothing") }
        return (words + ["\(returned.tally.count) returned, \(failed.count) failed: " + lastFailure.withLock { $0 }])
            .joined(separator: "; ")
    }

    func finish() async throws {
        for worker in workers { await worker.drain() }
        let ended = await working.result
        for broker in replicas + [publisher] { await broker.close() }
        for file in files { await file.close() }
        timers.stop()
        try ended.get()
    }
}

/// How often the handler ran for each event: its effects, if it had any.
final class Runs: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    var all: [String: Int] { counts.withLock { $0 } }

    func count(of id: String) -> Int { counts.withLock { $0[id] ?? 0 } }
    func add(_ id: String) { counts.withLock { $0[id, default: 0] += 1 } }
}

private struct Counting: Handler {
    let runs: Runs

    func handle(_ event: Event, context: Context) async throws -> Outcome {
        runs.add(event.id)
        return .done
    }
}

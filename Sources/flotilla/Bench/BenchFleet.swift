// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime
internal import FlotillaSQLite
internal import Synchronization

/// One file with a worker that does nothing, for one measurement.
final class BenchFleet: Sendable {
    private let file: SQLiteFile
    private let loop: Loop
    private let broker: SQLiteBroker
    private let handled = Atomic(0)
    private let bodyBytes: Int
    private let consuming: Bool
    /// Of partition keys; 0 is none.
    private let keys: Int
    private let order: EventOrder
    private static let bindings = [TopicPattern("github.#")].compactMap(\.self)

    init(path: String, bodyBytes: Int, consuming: Bool, keys: Int, order: EventOrder) async throws {
        file = try await SQLiteFile.open(path)
        loop = try Loop("bench")
        broker = SQLiteBroker(file)
        self.bodyBytes = bodyBytes
        self.consuming = consuming
        self.keys = keys
        self.order = order
        try await broker.declare("bench", bindings: Self.bindings)
    }

    func close() async {
        await file.close()
        loop.stop()
    }

    /// Publishes for some seconds and counts what is handled meanwhile.
    func steady(_ seconds: Int, publishers: Int) async throws -> LocalBench.Figures {
        let worker = worker()
        let begin = ContinuousClock.now
        let end = begin + .seconds(seconds)
        var figures = LocalBench.Figures()
        try await withThrowingTaskGroup(of: [Double].self) { group in
            if consuming { group.addTask { [self] in try await consume(with: worker) } }
            for publisher in 0..<publishers {
                group.addTask { [self] in try await publish(as: publisher, upTo: .max, until: end) }
            }
            async let slowest = slowestSecond(of: seconds)
            for _ in 0..<publishers { figures.latencies += try await group.next() ?? [] }
            figures.eventsPerSecond = Double(handled.load(ordering: .relaxed)) / (ContinuousClock.now - begin).inSeconds
            figures.slowestSecond = await slowest
            await worker.drain()
            try await group.waitForAll()
        }
        figures.latencies.sort()
        return figures
    }

    /// Publishes so many; answers how many a second.
    func fill(_ count: Int, publishers: Int) async throws -> Double {
        let begin = ContinuousClock.now
        let share = count / publishers
        try await withThrowingTaskGroup(of: Void.self) { group in
            for publisher in 0..<publishers {
                group.addTask { [self] in
                    _ = try await publish(
                        as: publisher, upTo: share + (publisher < count % publishers ? 1 : 0), until: begin + .seconds(86_400))
                }
            }
            try await group.waitForAll()
        }
        return Double(count) / (ContinuousClock.now - begin).inSeconds
    }

    /// Consumes until nothing waits; answers how many a second.
    func drain() async throws -> Double {
        let worker = worker()
        let begin = ContinuousClock.now
        return try await withThrowingTaskGroup(of: [Double].self) { group in
            group.addTask { [self] in try await consume(with: worker) }
            while let report = try await broker.queues().first, report.ready + report.held > 0 {
                try await LoopSleeper(loop).sleep(for: .milliseconds(100))
            }
            let perSecond = Double(handled.load(ordering: .relaxed)) / (ContinuousClock.now - begin).inSeconds
            await worker.drain()
            try await group.waitForAll()
            return perSecond
        }
    }

    private func worker() -> Worker {
        Worker(
            Worker.Settings(queue: "bench", bindings: Self.bindings, concurrency: 128, prefetch: 256),
            handler: Nothing(order: order) { [self] in handled.add(1, ordering: .relaxed) }, broker: broker, ledger: SQLiteLedger(file),
            lanes: SQLiteLanes(file), effects: SQLiteEffects(file), clock: SystemClock(), sleeper: LoopSleeper(loop), solitude: Solitude())
    }

    private func consume(with worker: Worker) async throws -> [Double] {
        try await worker.run()
        return []
    }

    private func slowestSecond(of seconds: Int) async -> Double {
        var slowest = Double.infinity
        var before = handled.load(ordering: .relaxed)
        for _ in 0..<max(1, seconds - 1) {
            guard (try? await LoopSleeper(loop).sleep(for: .seconds(1))) != nil else { break }
            let now = handled.load(ordering: .relaxed)
            slowest = min(slowest, Double(now - before))
            before = now
        }
        return slowest
    }

    private func publish(as publisher: Int, upTo limit: Int, until end: ContinuousClock.Instant) async throws -> [Double] {
        var latencies: [Double] = []
        let run = MonotonicClock.now
        let body = [UInt8](repeating: 0x78, count: bodyBytes)
        var count = 0
        while count < limit, ContinuousClock.now < end {
            count += 1
            let event = try Event(
                id: "72d3162e-\(publisher)-\(count)-\(run)", source: "/hooks/bench", type: "github.push", time: SystemClock().now,
                dataContentType: "application/json",
                extensions: keys == 0 ? [:] : ["partitionkey": "key \((count * 64 + publisher) % keys)"], data: body)
            let start = MonotonicClock.now
            try await broker.publish([event])
            // Enough for any percentile, and bounded.
            if latencies.count < 1_000_000 { latencies.append(Double(MonotonicClock.now - start) / 1000) }
        }
        return latencies
    }
}

private struct Nothing: Handler {
    let order: EventOrder
    let count: @Sendable () -> Void

    func handle(_ event: Event, context: Context) async throws -> Outcome {
        count()
        return .done
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import CBench
internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime
internal import FlotillaSQLite
internal import Synchronization

/// The embedded fleet under load: publish, fetch, claim, handle, mark and acknowledge, in one process on one file.
struct LocalBench {
    var folder: String
    var seconds = 10
    var publishers = 64
    var bodyBytes = 1024

    struct Figures {
        var eventsPerSecond = 0.0
        var latencies: [Double] = []

        func percentile(_ share: Double) -> Double {
            guard !latencies.isEmpty else { return 0 }
            return latencies[min(latencies.count - 1, Int(Double(latencies.count) * share))]
        }
    }

    /// The whole life of events, with as many publishers as are asked for, each waiting for its confirm.
    func run() async throws -> Figures {
        let file = try await SQLiteFile.open("\(folder)/bench.db")
        let loop = try Loop("bench")
        let broker = SQLiteBroker(file)
        let settings = Worker.Settings(queue: "bench", bindings: [TopicPattern("github.#")].compactMap(\.self), concurrency: 128, prefetch: 256)
        let counter = EventCounter()
        let worker = Worker(
            settings, handler: CountingHandler(counter: counter), broker: broker, ledger: SQLiteLedger(file), clock: SystemClock(),
            sleeper: LoopSleeper(loop), solitude: Solitude())
        try await broker.declare("bench", bindings: settings.bindings)
        let begin = ContinuousClock.now
        let end = begin + .seconds(seconds)
        let latencies = try await withThrowingTaskGroup(of: [Double].self) { group in
            group.addTask {
                try await worker.run()
                return []
            }
            for publisher in 0..<publishers {
                group.addTask { try await publish(as: publisher, to: broker, until: end) }
            }
            var all: [Double] = []
            for _ in 0..<publishers { all += try await group.next() ?? [] }
            await worker.drain()
            try await group.waitForAll()
            return all.sorted()
        }
        let took = (ContinuousClock.now - begin).inSeconds
        await file.close()
        loop.stop()
        return Figures(eventsPerSecond: Double(counter.value) / took, latencies: latencies)
    }

    private func publish(as publisher: Int, to broker: SQLiteBroker, until end: ContinuousClock.Instant) async throws -> [Double] {
        var latencies: [Double] = []
        var count = 0
        let body = [UInt8](repeating: 0x78, count: bodyBytes)
        while ContinuousClock.now < end {
            count += 1
            let event = try Event(
                id: "72d3162e-cc78-11e3-81ab-\(publisher)-\(count)", source: "/hooks/bench", type: "github.push", time: SystemClock().now,
                dataContentType: "application/json", data: body)
            let start = ContinuousClock.now
            try await broker.publish([event])
            latencies.append((ContinuousClock.now - start).inSeconds * 1e6)
        }
        return latencies
    }

    /// What a bare C loop does in the same time.
    func bareLoop() -> flotilla_bench_result {
        HotPath.withAll { flotilla_bench_sqlite("\(folder)/bare.db", $0, Int32(publishers), Int32(bodyBytes), 2000, Double(seconds)) }
    }
}

final class EventCounter: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .relaxed) }
    func add() { count.add(1, ordering: .relaxed) }
}

struct CountingHandler: Handler {
    let counter: EventCounter

    func handle(_ event: Event, context: Context) async throws -> Outcome {
        counter.add()
        return .done
    }
}

extension HotPath {
    /// The texts as C has them, for the time of one call.
    static func withAll<Result>(_ body: (flotilla_bench_sql) -> Result) -> Result {
        let texts = [
            schema, pragmas, begin, commit, dataVersion, saveState, count, addEvent, addDelivery, fetch, hold, acknowledge, claimNew, endClaim,
            writeLedger,
        ].map { Array($0.utf8CString) }
        return withPointers(to: texts, at: 0, []) { text in
            body(
                flotilla_bench_sql(
                    create: text[0], pragmas: text[1], begin: text[2], commit: text[3], data_version: text[4], save_state: text[5],
                    count: text[6], add_event: text[7], add_delivery: text[8], fetch: text[9], hold: text[10], acknowledge: text[11],
                    claim: text[12], end_claim: text[13], write_ledger: text[14]))
        }
    }

    private static func withPointers<Result>(
        to texts: [[CChar]], at index: Int, _ pointers: [UnsafePointer<CChar>?], _ body: ([UnsafePointer<CChar>?]) -> Result
    ) -> Result {
        guard index < texts.count else { return body(pointers) }
        return texts[index].withUnsafeBufferPointer {
            withPointers(to: texts, at: index + 1, pointers + [$0.baseAddress], body)
        }
    }
}

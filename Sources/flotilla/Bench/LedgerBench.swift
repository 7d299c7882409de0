// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaPostgres
internal import FlotillaRuntime

/// The ledger on PostgreSQL alone: fresh events claimed, then marked, by as many callers as are asked for, each waiting for its answer. In
/// a schema of its own that is removed again.
struct LedgerBench {
    struct Figures {
        var claimsPerSecond = 0.0
        var marksPerSecond = 0.0
        /// Claim and mark of one event together, in microseconds, ascending.
        var latencies: [Double] = []

        /// As one after the other.
        var eventsPerSecond: Double { 1 / (1 / claimsPerSecond + 1 / marksPerSecond) }

        func percentile(_ share: Double) -> Double {
            latencies.isEmpty ? 0 : latencies[min(latencies.count - 1, Int(Double(latencies.count) * share))]
        }
    }

    private let address: StoreAddress
    private let count: Int
    private let lanes: Int
    private let rows: Int
    private let rate: Int?

    private static let schema = "benchflotilla"

    init(count: Int, lanes: Int, rows: Int, rate: Int?) throws {
        let environment = Configuration.processEnvironment()
        do {
            address = try StoreAddress(environment[Variable.store.name] ?? "")
        } catch {
            throw WrongUsage("\(Variable.store.name) \(error.description)")
        }
        self.count = count
        self.lanes = lanes
        self.rows = rows
        self.rate = rate
    }

    func run() async throws -> [BenchLine] {
        if let rate { return try await with { try await measure(PostgresLedger($0), rate: rate, "low") } }
        guard rows == 0 else { return try await besideRows() }
        let batches = try await with { try await measure(PostgresLedger($0), "batch", count) }
        // Fewer, for they take their time.
        let single = try await with(batch: 1) { try await measure(PostgresLedger($0), "single", max(1, count / 20)) }
        return [
            BenchLine("claims_per_second", batches.claimsPerSecond, "events/s"),
            BenchLine("marks_per_second", batches.marksPerSecond, "events/s"),
            BenchLine("events_per_second", batches.eventsPerSecond, "events/s"),
            BenchLine("single_claims_per_second", single.claimsPerSecond, "events/s"),
            BenchLine("single_events_per_second", single.eventsPerSecond, "events/s"),
            BenchLine("ratio_claims", batches.claimsPerSecond / single.claimsPerSecond),
            BenchLine("ratio_events", batches.eventsPerSecond / single.eventsPerSecond),
        ]
    }

    /// A database with an empty schema, for the time of `body`.
    func with<Value>(schema: String = schema, batch: Int? = nil, _ body: (PostgresStore) async throws -> Value) async throws -> Value {
        var options = PostgresStore.Options()
        options.schema = schema
        options.program = "flotilla bench"
        options.patience = .seconds(60)
        if let batch { options.batch = batch }
        try await PostgresTrial.remove(schema, from: address)
        let store = try await PostgresStore.open(address, options: options)
        do {
            let value = try await body(store)
            await store.close()
            try await PostgresTrial.remove(schema, from: address)
            return value
        } catch {
            await store.close()
            try? await PostgresTrial.remove(schema, from: address)
            throw error
        }
    }

    /// Round for round, beside a ledger without rows in the same run: a machine that slows down slows down both.
    private func besideRows() async throws -> [BenchLine] {
        try await with { emptyStore in
            try await with(schema: "\(Self.schema)_rows") { fullStore in
                let (empty, full) = (PostgresLedger(emptyStore), PostgresLedger(fullStore))
                for ledger in [empty, full] { try await PostgresTrial.makeOldPartitions(of: ledger) }
                try await PostgresTrial.fill(full, rows: rows)
                for ledger in [empty, full] { _ = try await measure(ledger, "warm", count / 4) }
                var rounds: [(empty: Figures, full: Figures)] = []
                for round in 1...7 {
                    rounds.append((try await measure(empty, "\(round)", count), try await measure(full, "\(round)", count)))
                }
                func median(_ value: ((empty: Figures, full: Figures)) -> Double) -> Double { rounds.map(value).sorted()[rounds.count / 2] }
                return [
                    BenchLine("claims_alone", median { $0.empty.claimsPerSecond }, "events/s"),
                    BenchLine("claims_beside_rows", median { $0.full.claimsPerSecond }, "events/s"),
                    BenchLine("marks_alone", median { $0.empty.marksPerSecond }, "events/s"),
                    BenchLine("marks_beside_rows", median { $0.full.marksPerSecond }, "events/s"),
                    BenchLine("times_slower", median { $0.empty.claimsPerSecond / $0.full.claimsPerSecond }),
                    BenchLine("times_slower_marks", median { $0.empty.marksPerSecond / $0.full.marksPerSecond }),
                ]
            }
        }
    }

    private func measure(_ ledger: PostgresLedger, _ name: String, _ count: Int) async throws -> Figures {
        let keys = try (0..<count).map { try LedgerKey(consumer: "bench", source: "/hooks/\(name)", id: "72d3162e-cc78-11e3-81ab-\($0)") }
        var figures = Figures()
        figures.claimsPerSecond = try await rate(keys) { key in
            guard try await ledger.claim(key, round: 1, generation: 0, alone: false) == .run(fence: 1) else {
                throw WrongUsage("a fresh event was not claimed")
            }
        }
        figures.marksPerSecond = try await rate(keys) { key in
            guard try await ledger.mark(key, fence: 1, as: .done) else { throw WrongUsage("a claimed event was not marked") }
        }
        return figures
    }

    private func rate(_ keys: [LedgerKey], _ body: @escaping @Sendable (LedgerKey) async throws -> Void) async throws -> Double {
        let took = try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<lanes {
                    group.addTask {
                        for number in stride(from: lane, to: keys.count, by: lanes) { try await body(keys[number]) }
                    }
                }
                try await group.waitForAll()
            }
        }
        return Double(keys.count) / took.inSeconds
    }

    /// One event after the other, so many a second.
    private func measure(_ ledger: PostgresLedger, rate: Int, _ name: String) async throws -> [BenchLine] {
        let loop = try Loop("bench")
        defer { loop.stop() }
        let sleeper = LoopSleeper(loop)
        var figures = Figures()
        for number in 0..<min(count, rate * 10) {
            try await sleeper.sleep(for: .seconds(1) / rate)
            let key = try LedgerKey(consumer: "bench", source: "/hooks/\(name)", id: "\(number)")
            let begin = ContinuousClock.now
            guard case .run(let fence) = try await ledger.claim(key, round: 1, generation: 0, alone: false) else { continue }
            _ = try await ledger.mark(key, fence: fence, as: .done)
            figures.latencies.append((ContinuousClock.now - begin).inSeconds * 1e6)
        }
        figures.latencies.sort()
        return [
            BenchLine("p50_us", figures.percentile(0.5), "us"),
            BenchLine("p99_us", figures.percentile(0.99), "us"),
        ]
    }
}

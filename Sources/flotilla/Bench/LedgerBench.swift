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
        if let rate { return try await with { try await measure($0, rate: rate, "low") } }
        guard rows == 0 else { return try await besideRows() }
        let batches = try await with { try await measure($0, "batch", count) }
        // Fewer, for they take their time.
        let single = try await with(batch: 1) { try await measure($0, "single", max(1, count / 20)) }
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

    /// A ledger on an empty schema, for the time of `body`.
    func with<Value>(batch: Int? = nil, _ body: (PostgresLedger) async throws -> Value) async throws -> Value {
        var options = PostgresStore.Options()
        options.schema = Self.schema
        options.program = "flotilla bench"
        options.patience = .seconds(60)
        if let batch { options.batch = batch }
        try await PostgresTrial.remove(Self.schema, from: address)
        let store = try await PostgresStore.open(address, options: options)
        do {
            let value = try await body(PostgresLedger(store))
            await store.close()
            try await PostgresTrial.remove(Self.schema, from: address)
            return value
        } catch {
            await store.close()
            try? await PostgresTrial.remove(Self.schema, from: address)
            throw error
        }
    }

    private func besideRows() async throws -> [BenchLine] {
        try await with { ledger in
            try await PostgresTrial.makeOldPartitions(of: ledger)
            _ = try await measure(ledger, "warm", count / 4)
            let before = try await median(ledger, "before")
            try await PostgresTrial.fill(ledger, rows: rows)
            _ = try await measure(ledger, "warm-again", count / 4)
            let after = try await median(ledger, "after")
            return [
                BenchLine("claims_before", before.claimsPerSecond, "events/s"),
                BenchLine("claims_beside_rows", after.claimsPerSecond, "events/s"),
                BenchLine("marks_before", before.marksPerSecond, "events/s"),
                BenchLine("marks_beside_rows", after.marksPerSecond, "events/s"),
                BenchLine("times_slower", before.claimsPerSecond / after.claimsPerSecond),
                BenchLine("times_slower_marks", before.marksPerSecond / after.marksPerSecond),
            ]
        }
    }

    /// Of five, each of a second or two: something of the database's own, such as a checkpoint, comes between some of them.
    private func median(_ ledger: PostgresLedger, _ name: String) async throws -> Figures {
        var rounds: [Figures] = []
        for round in 1...5 { rounds.append(try await measure(ledger, "\(name)-\(round)", count)) }
        var figures = Figures()
        figures.claimsPerSecond = rounds.map(\.claimsPerSecond).sorted()[2]
        figures.marksPerSecond = rounds.map(\.marksPerSecond).sorted()[2]
        return figures
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

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRabbitMQ
internal import FlotillaRuntime

/// Publishing to RabbitMQ, and consuming from it with a handler that does nothing and no ledger: events of 1 KB with the headers of a
/// webhook, on a fleet of its own that is removed again.
struct RabbitBench {
    let address: BrokerAddress
    let count: Int
    /// Publishers, or handlers, at the same time.
    let lanes: Int
    var journal = false
    /// One event in a hundred has 10 MB.
    var large = false
    /// Of partition keys; 0 is none.
    var keys = 0
    var order = EventOrder.exclusive
    /// Events a second that are offered; nil: as many as go.
    var rate: Int?
    /// Into the fleet with this prefix, as events of this type, and left there.
    var kept: (prefix: String, type: String)?

    static let queue = "bench"
    static let prefix = "bench."
    static let prefetch = 256

    /// Publishers that wait for their confirm each. Latencies are those of events of 1 KB.
    func publish() async throws -> LocalBench.Figures {
        guard let kept else { return try await with { try await publish(to: $0, lanes: lanes, type: "github.push") } }
        let broker = try await open(prefix: kept.prefix)
        do {
            let figures = try await publish(to: broker, lanes: lanes, type: kept.type)
            await broker.close()
            return figures
        } catch {
            await broker.close()
            throw error
        }
    }

    /// A worker with a prefetch of 256, or as many as it has handlers; events a second, until all are acknowledged.
    /// - Parameter ledger: nil: events are neither claimed nor marked.
    func consume(_ ledger: (any Ledger)? = nil, lanes places: any Lanes = NoLanes()) async throws -> Double {
        try await with { broker in
            try await fill(broker)
            let loop = try Loop("bench")
            defer { loop.stop() }
            let (all, handled) = AsyncStream<Void>.makeStream()
            let worker = Worker(
                Worker.Settings(queue: Self.queue, bindings: Self.bindings, concurrency: lanes, prefetch: max(Self.prefetch, lanes)),
                handler: CountingDown(from: count, isRepeatable: ledger == nil, order: order) { handled.finish() }, broker: broker,
                ledger: ledger ?? NoLedger(), lanes: places, effects: EffectMemory(), clock: SystemClock(), sleeper: LoopSleeper(loop),
                solitude: Solitude())
            let took = try await ContinuousClock().measure {
                async let working: Void = worker.run()
                for await _ in all {}
                await worker.drain()
                try await working
            }
            return Double(count) / took.inSeconds
        }
    }

    func fill(_ broker: RabbitBroker) async throws {
        _ = try await publish(to: broker, lanes: 512, type: "github.push")
    }

    private func publish(to broker: RabbitBroker, lanes: Int, type: String) async throws -> LocalBench.Figures {
        let small = [UInt8](repeating: 0x78, count: 1024)
        let big = [UInt8](repeating: 0x78, count: large ? 10 << 20 : 0)
        let loop = try Loop("bench")
        defer { loop.stop() }
        let sleeper = LoopSleeper(loop)
        let begin = ContinuousClock.now
        let run = MonotonicClock.now
        var figures = LocalBench.Figures()
        try await withThrowingTaskGroup(of: [Double].self) { group in
            for lane in 0..<lanes {
                group.addTask {
                    var latencies: [Double] = []
                    for number in stride(from: lane, to: count, by: lanes) {
                        let isLarge = large && number % 100 == 99
                        let event = try Event(
                            id: "72d3162e-cc78-11e3-\(run)-\(number)", source: "/hooks/github", type: type,
                            time: Timestamp(microseconds: 1_795_230_000_000_000), dataContentType: "application/json",
                            extensions: extensions(of: number), data: isLarge ? big : small)
                        var start = ContinuousClock.now
                        if let rate {
                            // Whoever is late is late for those behind it, too: an event waits from when it was due.
                            start = begin + .seconds(number) / rate
                            try await sleeper.sleep(for: max(.zero, start - ContinuousClock.now))
                        }
                        try await broker.publish([event])
                        if !isLarge { latencies.append((ContinuousClock.now - start).inSeconds * 1e6) }
                    }
                    return latencies
                }
            }
            for try await latencies in group { figures.latencies += latencies }
        }
        figures.eventsPerSecond = Double(count) / (ContinuousClock.now - begin).inSeconds
        figures.latencies.sort()
        return figures
    }

    private func extensions(of number: Int) -> [String: String] {
        var extensions = ["traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "tenant": "35129377"]
        if keys > 0 { extensions["partitionkey"] = "key \(number % keys)" }
        return extensions
    }

    static let bindings = [TopicPattern("github.#")].compactMap(\.self)

    private func open(prefix: String) async throws -> RabbitBroker {
        var options = RabbitBroker.Options()
        options.prefix = prefix
        options.program = "flotilla bench"
        // What is measured may be slow.
        options.patience = .seconds(60)
        if journal { options.journal = JournalRetention(days: 1, bytes: 1_000_000_000) }
        return try await RabbitBroker.open(address, options: options)
    }

    func with<Value>(_ body: (RabbitBroker) async throws -> Value) async throws -> Value {
        let broker = try await open(prefix: Self.prefix)
        do {
            try await broker.declare(Self.queue, bindings: Self.bindings)
            let value = try await body(broker)
            try await broker.remove(queues: [Self.queue])
            await broker.close()
            return value
        } catch {
            try? await broker.remove(queues: [Self.queue])
            await broker.close()
            throw error
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaOperate
internal import FlotillaRabbitMQ
internal import FlotillaRuntime
internal import FlotillaSQLite

/// A park that is filled as workers fill it, each event claimed, laid down and marked; then connections of it are resumed one by one, as
/// `flotilla park resume` does, and the rest is listed. Ledger and consents are in a file; the queues are there, too, or on RabbitMQ.
struct ParkBench {
    let count: Int
    let connections: Int
    let broker: any Broker & BrokerInspection & Park
    let file: SQLiteFile

    static let queue = RabbitBench.queue
    private static let rounds = 5
    /// Events that are claimed and laid down at the same time.
    private static let lanes = 512

    private var parking: Parking { Parking(park: broker, consents: SQLiteConsents(file), ledger: SQLiteLedger(file)) }

    func run() async throws -> [BenchLine] {
        try await broker.declare(Self.queue, bindings: RabbitBench.bindings)
        let filling = try await ContinuousClock().measure { try await fill() }
        var times: [Double] = []
        var gone = 0
        for number in 0..<min(Self.rounds, connections) {
            // All over the names.
            let (wanted, took) = try await resume(number * connections / Self.rounds)
            gone += wanted
            times.append(took)
        }
        times.sort()
        let one = try await list(of: name(connections - 1))
        let all = try await list(of: nil)
        guard all.count == count - gone, one.count == size(of: connections - 1) else {
            throw WrongUsage("of \(count) parked events \(gone) went, and \(all.count) are left")
        }
        let report = try await broker.queues().first { $0.name == Self.queue }
        guard report?.ready == gone else { throw WrongUsage("\(gone) events went, and \(report?.ready ?? 0) came into the queue") }
        return [
            BenchLine("fill", filling.inSeconds, "s"), BenchLine("resumed_events", Double(gone) / Double(times.count)),
            BenchLine("resume_median", times[times.count / 2], "s"), BenchLine("resume_slowest", times[times.count - 1], "s"),
            BenchLine("list_one", one.took, "s"), BenchLine("list_all", all.took, "s"),
        ]
    }

    private func name(_ number: Int) -> String { "tenant-\(number)@crm" }

    private func size(of connection: Int) -> Int { count / connections + (connection < count % connections ? 1 : 0) }

    // MARK: Fill

    private func fill() async throws {
        try await withThrowingTaskGroup { group in
            group.addTask { try await publish() }
            group.addTask { try await lay() }
            try await group.waitForAll()
        }
        for number in 0..<connections { try await parking.consents.note(name(number), parkedIn: Self.queue) }
    }

    private func publish() async throws {
        let data = [UInt8](repeating: 0x78, count: 200)
        for start in stride(from: 0, to: count, by: 1000) {
            try await broker.publish(
                (start..<min(start + 1000, count)).map {
                    try Event(id: "72d3162e-\($0)", source: "/hooks/github", type: "github.push", data: data)
                })
        }
    }

    private func lay() async throws {
        let ledger = SQLiteLedger(file)
        let subscription = try await broker.subscribe(to: Self.queue, prefetch: Self.lanes)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                if number >= Self.lanes { try await group.next() }
                guard let delivery = try await subscription.next() else { break }
                group.addTask { try await lay(delivery, ledger) }
            }
            try await group.waitForAll()
        }
        await subscription.cancel()
    }

    private func lay(_ delivery: Delivery, _ ledger: SQLiteLedger) async throws {
        guard case .success(let event) = delivery.content, let number = Int(event.id.drop { $0 != "-" }.dropFirst()) else { return }
        let key = try LedgerKey(consumer: Self.queue, source: event.source, id: event.id)
        guard case .run(let fence) = try await ledger.claim(key, round: 1, generation: 0, alone: false) else { return }
        var passage = delivery.passage
        passage.blame(Failure(.unauthorized(connection: name(number % connections)), "no consent"), in: Self.queue, now: SystemClock().now)
        passage.set(connection: name(number % connections))
        try await broker.forward(delivery, to: QueueNames.parked(Self.queue), passage: passage, after: .zero)
        _ = try await ledger.mark(key, fence: fence, as: .parked)
        delivery.acknowledge()
    }

    // MARK: What is measured

    private func resume(_ number: Int) async throws -> (count: Int, seconds: Double) {
        let loop = try Loop("bench")
        defer { loop.stop() }
        let parked = ParkedEvents(parking)
        var went = 0
        let took = try await ContinuousClock().measure {
            try await parked.authorise(name(number))
            // No pause between parts: it is not what is measured.
            _ = try await parked.resume(name(number), in: Self.queue, rate: 1_000_000, LoopSleeper(loop)) { went += $0 }
        }
        guard went == size(of: number) else { throw WrongUsage("of \(size(of: number)) events of \(name(number)) \(went) went on") }
        return (went, took.inSeconds)
    }

    private func list(of connection: String?) async throws -> (count: Int, took: Double) {
        var count = 0
        let took = try await ContinuousClock().measure {
            count = try await ParkedEvents(parking).list([Self.queue], of: connection).reduce(0) { $0 + $1.group.count }
        }
        return (count, took.inSeconds)
    }
}

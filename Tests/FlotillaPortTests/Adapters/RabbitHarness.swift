// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaMemory
import FlotillaModel
import FlotillaRabbitMQ
import FlotillaRuntime
import Synchronization
import TestSupport

/// A fleet of its own on the shared node, and a ledger in memory that all holders share. Each holder has connected for itself, as a
/// process would.
final class RabbitHarness: Harness {
    let address: BrokerAddress
    let prefix: String
    /// The lease is shorter than the first rung: a copy that comes while another one runs is not put off for long.
    private let ledger = MemoryLedger(clock: SystemClock(), lease: .milliseconds(800))
    private let hookSecrets = MemoryHookSecrets()
    private let consents = MemoryConsents(clock: SystemClock())
    private let brokers = Mutex<[RabbitBroker]>([])
    private let options: RabbitBroker.Options
    private static let count = Atomic(0)

    init(_ node: RabbitNode, _ options: RabbitBroker.Options) throws {
        address = try node.address
        self.options = options
        prefix = "t\(Self.count.add(1, ordering: .relaxed).newValue)."
    }

    /// What a crash worker is told of it.
    var orders: [String] {
        let port = address.hosts.first?.port ?? 0
        return ["rabbit=amqp://guest:guest@127.0.0.1:\(port)", "prefix=\(prefix)", "park-places=\(options.parkPlaces)"]
    }

    /// - Parameter options: those of programs where one of them is started, or where the park is what is tested.
    static func use(as options: RabbitBroker.Options = .small, _ body: (any Harness) async throws -> Void) async throws {
        await Turnstile.fleets.enter()
        defer { Turnstile.fleets.leave() }
        let harness = try RabbitHarness(try await RabbitNode.shared, options)
        do { try await body(harness) } catch {
            await harness.end()
            throw error
        }
        await harness.end()
    }

    func broker(_ change: (inout RabbitBroker.Options) -> Void = { _ in }) async throws -> RabbitBroker {
        var options = options
        options.prefix = prefix
        change(&options)
        let broker = try await RabbitBroker.open(address, options: options)
        brokers.withLock { $0.append(broker) }
        return broker
    }

    func open() async throws -> Holder {
        let broker = try await broker {
            $0.journal = JournalRetention(days: 1, bytes: 100_000_000)
            // Some events are as large as any, and all tests share the node's disk.
            $0.patience = .seconds(60)
        }
        return Holder(
            broker: broker, ledger: ledger, lanes: ledger, effects: ledger, hookSecrets: hookSecrets,
            parking: Parking(park: broker, consents: consents, ledger: ledger),
            vanish: { [ledger] in
                ledger.vanish()
                await broker.vanish()
            },
            depth: { queue in
                let reports = try await broker.queues()
                let own = reports.first { $0.name == queue }.map { $0.ready + $0.held } ?? 0
                return own + reports.reduce(0) { $0 + $1.delayed }
            },
            state: { [ledger] in try await ledger.entry(for: $0)?.row.state },
            letters: { queue in
                try await broker.letters(in: queue, matching: LetterFilter(), limit: 10_000)
                    .map { KeptLetter(content: $0.content, passage: $0.passage) }
            })
    }

    func damage(in queue: String) async throws {
        try RawRabbit.publish([0xFF, 0x00, 0x7B], to: prefix + queue, address)
    }

    func age(tickets time: Duration) async throws { try ledger.age(tickets: time) }

    /// Takes away what the tests of the suite make.
    private func end() async {
        let used = brokers.withLock { brokers in
            defer { brokers = [] }
            return brokers
        }
        for broker in used { await broker.close() }
        guard let last = try? await broker({ $0.declares = false }) else { return }
        try? await last.remove(queues: ["q", "barrier", "all", "git", "mail", "log-sink"])
        await last.close()
    }
}

extension RabbitBroker.Options {
    /// What a test's process asks for: each queue that is declared is replicated, and hundreds of tests declare a park on one node.
    static var small: Self {
        var options = Self()
        options.parkPlaces = smallPark
        return options
    }

    static let smallPark = 2
}

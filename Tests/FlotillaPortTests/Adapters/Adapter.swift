// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import Testing

/// The adapters that the conformance suites run against: a case here, and a file that builds its harness.
enum Adapter: String, Sendable, CaseIterable, CustomTestStringConvertible {
    case memory, sqlite, rabbitmq, postgres

    /// RabbitMQ needs a node: scripts/test installs it, and there it is never left out.
    static var allCases: [Adapter] { RabbitNode.isInstalled ? [.memory, .sqlite, .rabbitmq] : [.memory, .sqlite] }

    /// Those with stores of their own. PostgreSQL needs a server: scripts/test installs it, and there it is never left out.
    static let ledgers: [Adapter] = PostgresServer.isInstalled ? [.memory, .sqlite, .postgres] : [.memory, .sqlite]

    /// Those that have a broker or a ledger of their own.
    static var lives: [Adapter] { allCases + ledgers.filter { $0 == .postgres } }

    var testDescription: String { rawValue }

    /// An empty broker and empty stores of their own for the time of `body`.
    func harness(_ body: (any Harness) async throws -> Void) async throws {
        switch self {
        case .memory: try await MemoryHarness.use(body)
        case .sqlite: try await SQLiteHarness.use(body)
        case .rabbitmq: try await RabbitHarness.use(body)
        case .postgres: try await PostgresHarness.use(body)
        }
    }
}

/// One broker and its stores as one test sees them.
protocol Harness: Sendable {
    /// Another process on the same broker and stores.
    func open() async throws -> Holder

    /// Puts a delivery into the queue that can't be read as an event.
    func damage(in queue: String) async throws

    /// As if so much time had passed in which nobody asked in any lane.
    func age(tickets time: Duration) async throws
}

/// What one process has of a broker and its stores.
struct Holder: Sendable {
    let broker: any Broker
    let ledger: any Ledger
    let lanes: any Lanes
    let effects: any Effects & EffectInspection
    let hookSecrets: any HookSecrets
    let parking: Parking
    /// Ends as a killed process does. What it held must come again, its claims can be taken over.
    let vanish: @Sendable () async -> Void
    /// How many deliveries of a worker's queue are on their way: ready, delayed or held.
    let depth: @Sendable (String) async throws -> Int
    let state: @Sendable (LedgerKey) async throws -> LedgerState?
    /// What is kept in a queue such as `{queue}.dead`.
    let letters: @Sendable (String) async throws -> [KeptLetter]
}

struct KeptLetter: Sendable {
    let content: Result<Event, InvalidEvent>
    let passage: Passage
}

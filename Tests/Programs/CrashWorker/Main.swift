// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaPostgres
internal import FlotillaRabbitMQ
internal import FlotillaRuntime
internal import FlotillaSQLite
internal import Glibc

/// A worker for tests that end processes: it consumes one queue, publishes into it, or both, and is killed where its orders say. The queue
/// is in its file, or on RabbitMQ; the ledger is in its file, or on PostgreSQL.
@main enum Main {
    static func main() async throws {
        let orders = Orders(Array(CommandLine.arguments.dropFirst()))
        let loop = try Loop("timers")
        let sleeper = LoopSleeper(loop)
        let file = try await SQLiteFile.open(orders.file, options: options(orders))
        let rabbit = try await rabbit(orders)
        let broker: any Broker = rabbit ?? SQLiteBroker(file)
        let database = try await database(orders)
        try await broker.declare(orders.queue, bindings: bindings(orders))
        try await withThrowingTaskGroup(of: Void.self) { group in
            if orders.consumes {
                let ledger: any Ledger & LedgerInspection = database.map { PostgresLedger($0) } ?? SQLiteLedger(file)
                let lanes: any Lanes = database.map { PostgresLanes($0) } ?? SQLiteLanes(file)
                let effects: any Effects = database.map { PostgresEffects($0) } ?? SQLiteEffects(file)
                let consents: any Consents = database.map { PostgresConsents($0) } ?? SQLiteConsents(file)
                let parks: any Park = rabbit ?? SQLiteBroker(file)
                let parking = Parking(park: parks, consents: consents, ledger: ledger)
                let worker = try worker(orders, broker, ledger, lanes, effects, parking, sleeper)
                group.addTask { try await worker.run() }
            }
            group.addTask { try await Publishing(orders).run(to: broker, sleeper: sleeper) }
            try await group.waitForAll()
        }
        await rabbit?.close()
        await database?.close()
        await file.close()
    }

    private static func database(_ orders: Orders) async throws -> PostgresStore? {
        guard let address = orders.database else { return nil }
        var options = PostgresStore.Options()
        options.schema = orders.text("schema")
        options.lease = .milliseconds(orders.number("lease-ms", or: 1000))
        options.program = "crash-worker"
        return try await PostgresStore.open(try StoreAddress(address), options: options)
    }

    private static func rabbit(_ orders: Orders) async throws -> RabbitBroker? {
        guard let address = orders.rabbit else { return nil }
        var options = RabbitBroker.Options()
        options.prefix = orders.text("prefix", or: "")
        options.program = "crash-worker"
        options.parkPlaces = orders.number("park-places", or: options.parkPlaces)
        return try await RabbitBroker.open(try BrokerAddress(address), options: options)
    }

    private static func options(_ orders: Orders) -> SQLiteFile.Options {
        var options = SQLiteFile.Options()
        options.lease = .milliseconds(orders.number("lease-ms", or: 1000))
        options.checkpointPages = orders.number("checkpoint-pages", or: options.checkpointPages)
        options.program = "crash-worker"
        return options
    }

    private static func bindings(_ orders: Orders) -> [TopicPattern] {
        [TopicPattern(orders.queue + ".#")].compactMap(\.self)
    }

    private static func worker(
        _ orders: Orders, _ broker: any Broker, _ ledger: any Ledger, _ lanes: any Lanes, _ effects: any Effects, _ parking: Parking,
        _ sleeper: LoopSleeper
    ) throws -> Worker {
        var settings = Worker.Settings(
            queue: orders.queue, bindings: bindings(orders), concurrency: orders.number("concurrency", or: 8),
            prefetch: orders.number("prefetch", or: 32))
        settings.policy = RetryPolicy(
            maximumAttempts: orders.number("attempts", or: 12), firstDelay: .milliseconds(1), longestDelay: .milliseconds(5))
        settings.handlerLimit = .milliseconds(orders.number("limit-ms", or: 60_000))
        settings.handlerGrace = .milliseconds(100)
        settings.sweep = .milliseconds(50)
        settings.laneLimit = orders.number("lane-limit", or: settings.laneLimit)
        settings.lanePatience = .milliseconds(orders.number("lane-patience-ms", or: 60_000))
        settings.parkSweep = .milliseconds(orders.number("park-sweep-ms", or: 60_000))
        return Worker(
            settings, handler: try handler(orders, parking), broker: broker, ledger: ledger, lanes: lanes, effects: effects,
            clock: SystemClock(), sleeper: sleeper, solitude: Solitude(), parking: parking, watcher: watcher(orders))
    }

    private static func handler(_ orders: Orders, _ parking: Parking) throws -> any Handler {
        orders.deed == .effect ? try EffectHandler(orders) : ScriptedHandler(orders, parking.consents)
    }

    private static func watcher(_ orders: Orders) -> any WorkerWatcher {
        if let point = orders.point { return PointKiller(point, orders) }
        return orders.stages.isEmpty ? NoWatcher() : Killer(orders)
    }
}

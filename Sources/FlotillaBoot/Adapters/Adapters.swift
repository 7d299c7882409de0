// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel
internal import FlotillaPostgres
internal import FlotillaRabbitMQ
internal import FlotillaRuntime
internal import FlotillaSQLite

/// The broker and the stores of a process: opened once, shared by all its parts, closed at its end.
package struct Adapters: Sendable {
    package let broker: any Broker & BrokerInspection & JournalInspection & Park
    package let ledger: any Ledger & LedgerInspection
    package let lanes: any Lanes
    package let effects: any Effects & EffectInspection
    package let hookSecrets: any HookSecrets
    package let consents: any Consents
    /// How an operator would name them.
    package let description: String
    private let rabbit: RabbitBroker?
    private let management: BrokerManagement?
    private let postgres: PostgresStore?
    private let files: [SQLiteFile]

    static func open(_ settings: StoreSettings, program: String, log: Logger? = nil) async throws -> Adapters {
        var files: [String: SQLiteFile] = [:]
        func file(_ path: String) async throws -> SQLiteFile {
            if let known = files[path] { return known }
            let opened = try await SQLiteFile.open(path, options: settings.file(program))
            files[path] = opened
            return opened
        }
        var management: BrokerManagement?
        var postgres: PostgresStore?
        do {
            let stores: Stores
            switch settings.store {
            case .sqlite(let path): stores = Stores(try await file(path))
            case .postgres(let address):
                let opened = try await PostgresStore.open(address, options: settings.database(program))
                postgres = opened
                stores = Stores(opened)
            }
            switch settings.broker {
            case .sqlite(let path):
                let broker = try await file(path)
                return Adapters(
                    stores, broker: SQLiteBroker(broker), named: broker.path, postgres: postgres, files: Array(files.values))
            case .rabbitmq(let address):
                var options = settings.fleet(program)
                if let log { options.notice = { log.warning($0) } }
                if let base = settings.management {
                    let opened = try BrokerManagement(base, vhost: address.vhost)
                    options.figures = { await opened.figures() }
                    management = opened
                }
                let broker = try await RabbitBroker.open(address, options: options)
                return Adapters(
                    stores, broker: broker, named: address.description, rabbit: broker, management: management, postgres: postgres,
                    files: Array(files.values))
            }
        } catch {
            await management?.close()
            await postgres?.close()
            for file in files.values { await file.close() }
            throw error
        }
    }

    /// What lets parked events go on.
    package var parking: Parking { Parking(park: broker, consents: consents, ledger: ledger) }

    /// What is made of a store of either kind.
    private struct Stores {
        let ledger: any Ledger & LedgerInspection
        let lanes: any Lanes
        let effects: any Effects & EffectInspection
        let hookSecrets: any HookSecrets
        let consents: any Consents
        let description: String

        init(_ file: SQLiteFile) {
            ledger = SQLiteLedger(file)
            lanes = SQLiteLanes(file)
            effects = SQLiteEffects(file)
            hookSecrets = SQLiteHookSecrets(file)
            consents = SQLiteConsents(file)
            description = file.path
        }

        init(_ database: PostgresStore) {
            ledger = PostgresLedger(database)
            lanes = PostgresLanes(database)
            effects = PostgresEffects(database)
            hookSecrets = PostgresHookSecrets(database)
            consents = PostgresConsents(database)
            description = database.description
        }
    }

    private init(
        _ stores: Stores, broker: any Broker & BrokerInspection & JournalInspection & Park, named name: String,
        rabbit: RabbitBroker? = nil, management: BrokerManagement? = nil, postgres: PostgresStore?, files: [SQLiteFile]
    ) {
        self.broker = broker
        ledger = stores.ledger
        lanes = stores.lanes
        effects = stores.effects
        hookSecrets = stores.hookSecrets
        consents = stores.consents
        description = name == stores.description ? name : "\(name) and \(stores.description)"
        self.rabbit = rabbit
        self.management = management
        self.postgres = postgres
        self.files = files
    }

    /// Why the management API that is configured does not answer.
    package var managementFailure: String? { management?.failure }

    /// What an operator should know of a worker's stores while they work.
    var warning: String? {
        if let postgres { return postgres.warning }
        guard rabbit != nil else { return nil }
        return "the ledger is a file of this machine: other replicas of this worker can't see it, and would run an event twice"
    }

    package func close() async {
        // First: it may still settle what a handler has just finished.
        await rabbit?.close()
        await management?.close()
        await postgres?.close()
        for file in files { await file.close() }
    }
}

extension StoreSettings {
    fileprivate func file(_ program: String) -> SQLiteFile.Options {
        var options = SQLiteFile.Options()
        options.journal = journal
        options.ledgerAge = ledgerAge
        options.lease = lease
        options.program = program
        options.create = create
        options.prunes = prunes
        return options
    }

    fileprivate func database(_ program: String) -> PostgresStore.Options {
        var options = PostgresStore.Options()
        options.schema = schema
        options.program = program
        options.lease = lease
        options.ledgerDays = max(1, Int((ledgerAge.inSeconds / 86_400).rounded(.up)))
        options.create = create
        options.prunes = prunes
        return options
    }

    fileprivate func fleet(_ program: String) -> RabbitBroker.Options {
        var options = RabbitBroker.Options()
        options.prefix = prefix
        options.program = program
        options.declares = create
        if !journal.isOff {
            options.journal = JournalRetention(days: max(1, Int((journal.age.inSeconds / 86_400).rounded(.up))), bytes: journal.bytes)
        }
        return options
    }
}

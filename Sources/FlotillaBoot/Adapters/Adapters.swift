// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRabbitMQ
internal import FlotillaRuntime
internal import FlotillaSQLite

/// The broker and the stores of a process: opened once, shared by all its parts, closed at its end.
package struct Adapters: Sendable {
    package let broker: any Broker & BrokerInspection & JournalInspection
    package let ledger: any Ledger & LedgerInspection
    package let lanes: any Lanes
    package let hookSecrets: any HookSecrets
    /// How an operator would name them.
    package let description: String
    private let rabbit: RabbitBroker?
    private let management: BrokerManagement?
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
        do {
            let store = try await file(settings.store)
            switch settings.broker {
            case .sqlite(let path):
                let broker = try await file(path)
                let description = broker === store ? "\(broker.path)" : "\(broker.path) and \(store.path)"
                return Adapters(
                    broker: SQLiteBroker(broker), ledger: SQLiteLedger(store), lanes: SQLiteLanes(store),
                    hookSecrets: SQLiteHookSecrets(store),
                    description: description, rabbit: nil, management: nil, files: Array(files.values))
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
                    broker: broker, ledger: SQLiteLedger(store), lanes: SQLiteLanes(store), hookSecrets: SQLiteHookSecrets(store),
                    description: "\(address.description) and \(store.path)", rabbit: broker, management: management,
                    files: Array(files.values))
            }
        } catch {
            await management?.close()
            for file in files.values { await file.close() }
            throw error
        }
    }

    /// Why the management API that is configured does not answer.
    package var managementFailure: String? { management?.failure }

    /// What an operator should know from the start.
    var warning: String? {
        rabbit == nil
            ? nil : "the ledger is a file of this machine: other replicas of this worker can't see it, and would run an event twice"
    }

    package func close() async {
        // First: it may still settle what a handler has just finished.
        await rabbit?.close()
        await management?.close()
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

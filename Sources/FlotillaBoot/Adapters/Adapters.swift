// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaRuntime
internal import FlotillaSQLite

/// The broker and the stores of a process: opened once, shared by all its parts, closed at its end.
package struct Adapters: Sendable {
    package let broker: any Broker & BrokerInspection
    package let ledger: any Ledger & LedgerInspection
    package let hookSecrets: any HookSecrets
    /// How an operator would name them.
    package let description: String
    private let files: [SQLiteFile]

    static func open(_ settings: StoreSettings, program: String) async throws -> Adapters {
        var files: [String: SQLiteFile] = [:]
        func file(_ url: AdapterURL) async throws -> SQLiteFile {
            let path =
                switch url {
                case .sqlite(let path): path
                }
            if let known = files[path] { return known }
            var options = SQLiteFile.Options()
            options.journal = settings.journal
            options.ledgerAge = settings.ledgerAge
            options.lease = settings.lease
            options.program = program
            options.create = settings.create
            options.prunes = settings.prunes
            let opened = try await SQLiteFile.open(path, options: options)
            files[path] = opened
            return opened
        }
        do {
            let broker = try await file(settings.broker)
            let store = try await file(settings.store)
            let description = broker === store ? "\(broker.path)" : "\(broker.path) and \(store.path)"
            return Adapters(
                broker: SQLiteBroker(broker), ledger: SQLiteLedger(store), hookSecrets: SQLiteHookSecrets(store),
                description: description, files: Array(files.values))
        } catch {
            for file in files.values { await file.close() }
            throw error
        }
    }

    package func close() async {
        for file in files { await file.close() }
    }
}

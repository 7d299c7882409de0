// SPDX-License-Identifier: Apache-2.0

internal import FlotillaPostgres
internal import FlotillaRuntime
internal import FlotillaSQLite

/// Brings the store that `FLOTILLA_STORE` names to this version, without anything else of a fleet: for a job that runs before its programs.
package struct StoreMigration: Sendable {
    package struct Step: Sendable {
        package let version: Int
        package let summary: String
        package let statements: [String]
    }

    /// How an operator would name the store.
    package let store: String
    /// What was done, or would be.
    package let steps: [Step]

    /// - Parameter isDry: nothing is changed.
    package static func run(
        environment: [String: String] = Configuration.processEnvironment(), isDry: Bool
    ) async throws -> StoreMigration {
        var configuration = Configuration(environment: environment)
        configuration.leaveHooks()
        let settings = StoreSettings(reading: &configuration)
        _ = try configuration.finish()
        switch settings.store {
        case .sqlite(let path):
            // A file is brought up by whoever opens it, in one go; looking at it would do it, too.
            if !isDry {
                var options = SQLiteFile.Options()
                options.program = "flotilla migrate"
                options.prunes = false
                try await SQLiteFile.open(path, options: options).close()
            }
            return StoreMigration(store: path, steps: [])
        case .postgres(let address):
            let steps = try await PostgresMigration.run(address, schema: settings.schema, isDry: isDry)
            return StoreMigration(
                store: "\(address) schema \(settings.schema)",
                steps: steps.map { Step(version: $0.version, summary: $0.summary, statements: $0.statements) })
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaBoot
internal import FlotillaModel

struct MigrateCommand: Command {
    static let name = "migrate"
    static let summary = "bring the store to this version"
    static let help = """
        usage: flotilla migrate [--dry-run] [--json]

        Makes the tables that FLOTILLA_STORE needs, or brings them to this version. Every program does the same when it starts; this is for a
        job that runs before them, or with a user of the database who may make tables where theirs may not: grant them what is in the schema
        afterwards (SELECT, INSERT, UPDATE, DELETE on its tables), and let them be a member of its owner, so that partitions are made.

          --dry-run    only say what would be done
          --json       one JSON line for each step

        Exit status: 0 done, or nothing was to be done; 69 the store is away, or does not permit it.
        """

    private let isDry: Bool
    private let json: Bool

    init(_ arguments: inout Arguments) throws {
        isDry = arguments.flag("--dry-run")
        json = arguments.flag("--json")
    }

    func run() async throws -> ExitStatus {
        let migration = try await StoreMigration.run(isDry: isDry)
        for step in migration.steps {
            guard !json else {
                printJSON { json in
                    json.member("version", step.version)
                    json.member("summary", step.summary)
                    json.member("done", !isDry)
                }
                continue
            }
            print("\(isDry ? "would take" : "took") step \(step.version): \(step.summary)")
            if isDry { for statement in step.statements { print(statement + ";") } }
        }
        if !json, migration.steps.isEmpty { print("\(migration.store) is of this version") }
        return .done
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaBoot
internal import FlotillaRuntime
internal import Glibc

/// The operator's command, and with `up` the whole fleet in one process.
@main enum Main {
    private static let commands: [any (Command & Sendable).Type] = [
        SendCommand.self, HooksCommand.self, QueuesCommand.self, DeadCommand.self, ResolveCommand.self, GroupsCommand.self,
        ParkCommand.self, LedgerCommand.self, JournalCommand.self, AuditCommand.self, MigrateCommand.self, BenchCommand.self,
    ]

    static func main() {
        let words = Array(CommandLine.arguments.dropFirst())
        switch words.first {
        case "up":
            WholeFleet.program.main(Array(words.dropFirst()))
        case "--version", "version":
            print("flotilla \(Version.current)")
        case nil, "--help", "-h", "help":
            print(help)
        case let name?:
            // Some have a name of two words.
            let pair = words.prefix(2).joined(separator: " ")
            guard let command = commands.first(where: { $0.name == pair }) ?? commands.first(where: { $0.name == name }) else {
                Terminal.complain("flotilla: there is no command \(Terminal.plain(name)); see flotilla --help")
                ProcessExit.now(with: ExitStatus.wrongUsage.rawValue)
            }
            // Detached: main belongs to the main actor, whose thread has nothing to do but wait.
            Task.detached {
                let status = await command.main(Array(words.dropFirst(command.name == pair ? 2 : 1)))
                ProcessExit.now(with: status.rawValue)
            }
            while true { pause() }
        }
    }

    private static var help: String {
        let rows = [["up", "the whole fleet in one process"]] + commands.map { [$0.name, $0.summary] }
        return """
            flotilla: takes webhooks in, hands them to workers, loses nothing

            usage: flotilla COMMAND …

            \(Terminal.table(rows.map { ["  " + $0[0], $0[1]] }))

            flotilla COMMAND --help says more. Commands read the same environment as the fleet: FLOTILLA_BROKER, FLOTILLA_STORE, …
            Exit status: 0 done, 1 the answer is no or something was found, 2 wrong usage, 69 a service is unavailable, 78 bad configuration.
            """
    }
}

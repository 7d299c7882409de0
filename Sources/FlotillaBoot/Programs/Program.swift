// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
package import FlotillaRuntime
internal import Glibc

/// One program of the fleet, from its first line to its exit status. Every program and every worker of a user's own is one of these:
/// arguments, configuration with all its faults at once, adapters, parts, signals, drain.
package struct Program: Sendable {
    package let name: String
    package let summary: String
    /// What it reads, in the order of its help.
    package let variables: [Variable]
    package let compose: @Sendable (inout Configuration) -> Composition
    /// Whether it tells a person at the terminal what it runs.
    package var announces = false
    /// Whether its metrics tell the depths of all queues: one process of a fleet does.
    package var exportsQueues = false

    package init(
        name: String, summary: String, variables: [Variable], adminPort: UInt16,
        compose: @escaping @Sendable (inout Configuration) -> Composition
    ) {
        self.name = name
        self.summary = summary
        self.variables = variables.map { $0 == .admin ? $0.with(default: "127.0.0.1:\(adminPort)") : $0 }
        self.compose = compose
    }

    /// Never returns: the process ends with the program's status.
    package func main(_ arguments: [String] = Array(CommandLine.arguments.dropFirst())) -> Never {
        // Before there is any other thread: threads inherit the mask.
        Signals.block()
        Descriptors.raiseLimit()
        StandardOutput.lineByLine()
        switch arguments {
        case []: break
        case ["--help"], ["-h"]: Self.leave(with: 0, saying: help, on: STDOUT_FILENO)
        case ["--version"]: Self.leave(with: 0, saying: "\(name) \(Version.current)", on: STDOUT_FILENO)
        case ["--check"]:
            Task { await check() }
            Self.sleepForever()
        default:
            Self.leave(with: 2, saying: "usage: \(name) [--help | --version | --check]", on: STDERR_FILENO)
        }
        Task { await run() }
        Self.sleepForever()
    }

    private var help: String {
        """
        \(name): \(summary)

        usage: \(name) [--help | --version | --check]

          --check    read the configuration, reach what it names, say what is wrong; exit 0 or 1

        It is configured by the environment:

        \(VariableHelp.help(for: variables))
        \(VariableHelp.note)

        SIGTERM finishes what is held, for at most FLOTILLA_DRAIN_SECONDS; a second one stops at once. SIGHUP reads FLOTILLA_CONFIG and
        every X_FILE again: hooks, routes, limits and certificates are taken over without a pause, unless anything is wrong with them.
        Exit status: 0 drained, 1 not drained in time or failed, 2 wrong usage, 69 a service is unavailable, 78 bad configuration.
        """
    }

    private func run() async {
        let settings: ProgramSettings
        let (environment, known) = (Configuration.processEnvironment(), known)
        let configuration = { @Sendable in Configuration(environment: environment, known: known) }
        do {
            settings = try ProgramSettings(self, configuration())
        } catch {
            Self.leave(with: ConfigurationFaults.exitStatus, saying: error.description, on: STDERR_FILENO)
        }
        let process = RunningProgram(self, settings, reading: configuration)
        ProcessExit.now(with: await process.run())
    }

    private func check() async {
        do {
            let settings = try ProgramSettings(self, Configuration(environment: Configuration.processEnvironment(), known: known))
            let adapters = try await Adapters.open(settings.store, program: name)
            var ailments = [await adapters.broker.ailment(), await adapters.ledger.ailment()].compactMap(\.self)
            for part in settings.composition.parts {
                do { try await part.check() } catch { ailments.append("\(error)") }
            }
            await adapters.close()
            let lines = settings.warnings.map { "warning: \($0)" } + ailments
            Self.leave(
                with: ailments.isEmpty ? 0 : 1, saying: (lines + (ailments.isEmpty ? ["ok"] : [])).joined(separator: "\n"),
                on: STDOUT_FILENO)
        } catch {
            Self.leave(with: 1, saying: "\(error)", on: STDERR_FILENO)
        }
    }

    /// A user's worker may read variables of its own.
    private var known: [Variable] { Variable.all + variables.filter { !Variable.all.contains($0) } }

    private static func leave(with status: Int32, saying text: String, on descriptor: Int32) -> Never {
        let line = text + "\n"
        _ = line.withCString { write(descriptor, $0, strlen($0)) }
        ProcessExit.now(with: status)
    }

    /// The main thread has nothing to do: everything happens on loops and in tasks.
    private static func sleepForever() -> Never {
        while true { pause() }
    }
}

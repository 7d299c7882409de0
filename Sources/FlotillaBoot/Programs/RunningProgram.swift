// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime
internal import Glibc

/// A program at work: opens what it needs, runs its parts until they are drained, lets go of everything.
struct RunningProgram {
    private let program: Program
    private let settings: ProgramSettings
    private let log: Logger

    init(_ program: Program, _ settings: ProgramSettings) {
        self.program = program
        self.settings = settings
        log = Logger(program: program.name, level: settings.level, sink: DescriptorSink())
    }

    /// The exit status.
    func run() async -> Int32 {
        for warning in settings.warnings { log.warning(warning) }
        do {
            let loop = try Loop("timers")
            let signals = try Signals.stream(on: loop)
            let adapters = try await Adapters.open(settings.store, program: program.name)
            let status = await run(loop, signals, adapters)
            await adapters.close()
            return status
        } catch {
            log.error("can't start", ["error": "\(error)"])
            return unavailable
        }
    }

    private func run(_ loop: Loop, _ signals: AsyncStream<ProcessSignal>, _ adapters: Adapters) async -> Int32 {
        let process = ProcessResources(
            program: program.name, log: log, metrics: MetricsRegistry(), health: Health(), adapters: adapters, loop: loop,
            clock: SystemClock())
        var stages = Stage.allCases.map { _ in [any Service]() }
        do {
            let admin = try AdminPart(address: settings.admin)
            for part in settings.composition.parts + [admin] {
                stages[part.stage.rawValue].append(try await part.build(process))
            }
        } catch {
            log.error("can't start", ["error": "\(error)"])
            return unavailable
        }
        let watched = stages.flatMap(\.self)
        process.health.watch { await Self.ailments(of: watched, adapters) }
        if program.announces { announce(adapters) }
        let group = ServiceGroup(stages: stages, drainLimit: settings.drainLimit, signals: signals, log: log) { ending in
            // What is held comes back by redelivery.
            exit(ending.exitStatus)
        }
        let ending = await group.run()
        if case .failed(_, let error) = ending, error is any ServiceUnavailable { return unavailable }
        log.notice("ended", ["status": Int(ending.exitStatus)])
        return ending.exitStatus
    }

    private static func ailments(of services: [any Service], _ adapters: Adapters) async -> [(name: String, ailment: String?)] {
        var found: [(name: String, ailment: String?)] = []
        found.append(("broker", await adapters.broker.ailment()))
        found.append(("store", await adapters.ledger.ailment()))
        for case let worker as WorkerService in services { found.append((worker.name, worker.ailment)) }
        return found
    }

    private func announce(_ adapters: Adapters) {
        for line in settings.composition.lines + ["broker and ledger in \(adapters.description)", "health and metrics on http://\(settings.admin)"] {
            print(line)
        }
        fflush(stdout)
    }

    /// EX_UNAVAILABLE of sysexits.h.
    private var unavailable: Int32 { 69 }
}

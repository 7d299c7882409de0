// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// A program at work: opens what it needs, runs its parts until they are drained, lets go of everything.
struct RunningProgram {
    private let program: Program
    private let settings: ProgramSettings
    private let configuration: @Sendable () -> Configuration
    private let log: Logger

    /// `configuration` reads it anew; `settings` is what was found in it at first.
    init(_ program: Program, _ settings: ProgramSettings, reading configuration: @escaping @Sendable () -> Configuration) {
        self.program = program
        self.settings = settings
        self.configuration = configuration
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
            return Self.unavailable
        }
    }

    private func run(_ loop: Loop, _ signals: AsyncStream<ProcessSignal>, _ adapters: Adapters) async -> Int32 {
        let process = ProcessResources(
            program: program.name, log: log, metrics: MetricsRegistry(), health: Health(), adapters: adapters,
            configuration: configuration, loop: loop, clock: SystemClock())
        let stages: [[any Service]]
        do {
            stages = try await build(process)
        } catch {
            log.error("can't start", ["error": "\(error)"])
            return Self.unavailable
        }
        if program.announces { announce(adapters) }
        let reloader = Reloader(program, stages.flatMap { $0 }, read: configuration, log: log)
        let group = ServiceGroup(
            stages: stages, drainLimit: settings.drainLimit, signals: signals, log: log, sleeper: process.sleeper,
            reload: { await reloader.reload() }
        ) { ending in
            // What is held comes back by redelivery.
            ProcessExit.now(with: ending.exitStatus)
        }
        let ending = await group.run()
        log.notice("ended", ["status": Int(ending.exitStatus)])
        // A port that is taken is no failure of ours.
        if case .failed(_, let error) = ending, error is ServerFailure { return Self.unavailable }
        return ending.exitStatus
    }

    private func build(_ process: ProcessResources) async throws -> [[any Service]] {
        var stages = Stage.allCases.map { _ in [any Service]() }
        stages[Stage.door.rawValue].append(DrainNotice(health: process.health))
        for part in settings.composition.parts { stages[part.stage.rawValue].append(try await part.build(process)) }
        let workers = stages[Stage.work.rawValue].compactMap { $0 as? WorkerService }
        let adapters = process.adapters
        let queues = QueueMeter(metrics: process.metrics, exports: program.exportsQueues)
        let admin = AdminPart(
            address: settings.admin,
            checks: {
                let found: [(String, String?)] =
                    [("broker", await adapters.broker.ailment()), ("store", await adapters.ledger.ailment())]
                    + workers.map { ($0.name, $0.ailment) }
                return found.map { HealthFinding(name: $0.0, state: $0.1.map { .failing($0) } ?? .ready) }
            },
            stuck: { workers.lazy.compactMap(\.stuck).first },
            measure: { await queues.measure(adapters.broker) })
        stages[admin.stage.rawValue].append(try await admin.build(process))
        return stages
    }

    private func announce(_ adapters: Adapters) {
        let lines = ["broker and ledger in \(adapters.description)", "health and metrics on http://\(settings.admin)"]
        for line in settings.composition.lines + lines { print(line) }
    }

    /// EX_UNAVAILABLE of sysexits.h.
    private static let unavailable: Int32 = 69
}

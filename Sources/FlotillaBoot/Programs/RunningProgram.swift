// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime
internal import Synchronization

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
            do {
                let adapters = try await open()
                return await run(loop, signals, adapters)
            } catch {
                guard let absence = Absence(error, settings.store) else { throw error }
                return try await wait(loop, signals, absence)
            }
        } catch {
            log.error("can't start", ["error": "\(error)"])
            return Self.unavailable
        }
    }

    /// With all that the parts need on the broker: the first webhook must find its queue.
    private func open() async throws -> Adapters {
        let adapters = try await Adapters.open(settings.store, program: program.name, log: log)
        do {
            for part in settings.composition.parts { try await part.prepare(adapters.broker) }
            return adapters
        } catch {
            await adapters.close()
            throw error
        }
    }

    /// Ending would only have us started again, and again: so the process waits, and says for what.
    private func wait(_ loop: Loop, _ signals: AsyncStream<ProcessSignal>, _ absence: Absence) async throws -> Int32 {
        let waiting = StartWait(
            absence, log: log, sleeper: LoopSleeper(loop), known: { [settings] in Absence($0, settings.store) }, open: { try await open() })
        let metrics = MetricsRegistry()
        let admin = AdminPart(
            address: settings.admin,
            checks: { [HealthFinding(name: waiting.current.what, state: .failing(waiting.current.description))] }, stuck: { nil },
            measure: { if waiting.current.what == "broker" { metrics.gauge(MetricTable.brokerUp).set(0) } })
        // One that comes while the wait ends must not be lost to what follows.
        let (relayed, mailbox) = AsyncStream.makeStream(of: ProcessSignal.self)
        let isEnded = Atomic(false)
        let relay = Task {
            for await signal in signals {
                if signal != .hangup { isEnded.store(true, ordering: .releasing) }
                mailbox.yield(signal)
            }
        }
        let group = ServiceGroup(
            stages: [[waiting], [try admin.build(metrics: metrics, health: Health())]], drainLimit: settings.drainLimit,
            signals: relayed, log: log, sleeper: LoopSleeper(loop)
        ) { ending in
            ProcessExit.now(with: ending.exitStatus)
        }
        let ending = await group.run()
        relay.cancel()
        await relay.value
        guard let adapters = waiting.opened, !isEnded.load(ordering: .acquiring) else {
            if let opened = waiting.opened { await close(opened, loop, ending.exitStatus) }
            if case .failed(_, let error) = ending { throw error }
            return ending.exitStatus
        }
        log.notice("broker and store are there")
        let next = try Signals.stream(on: loop)
        return await run(loop, next, adapters)
    }

    /// Closes the adapters at its end.
    private func run(_ loop: Loop, _ signals: AsyncStream<ProcessSignal>, _ adapters: Adapters) async -> Int32 {
        let status = await work(loop, signals, adapters)
        await close(adapters, loop, status)
        return status
    }

    /// All is settled by now: a broker that does not answer must not keep the process.
    private func close(_ adapters: Adapters, _ loop: Loop, _ status: Int32) async {
        loop.post { _ = loop.schedule(after: Self.closeLimit) { ProcessExit.now(with: status) } }
        await adapters.close()
    }

    private func work(_ loop: Loop, _ signals: AsyncStream<ProcessSignal>, _ adapters: Adapters) async -> Int32 {
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
        let warning: @Sendable () -> String? = { workers.isEmpty ? nil : adapters.warning }
        if let warning = warning() { log.warning(warning) }
        let queues = QueueMeter(metrics: process.metrics, exports: program.exportsQueues)
        let admin = AdminPart(
            address: settings.admin,
            checks: {
                let found: [(String, String?, HealthState)] =
                    [
                        ("broker", await adapters.broker.ailment(), .ready),
                        ("store", await adapters.ledger.ailment(), warning().map { .warning($0) } ?? .ready),
                    ] + workers.map { ($0.name, $0.ailment, .ready) }
                return found.map { name, ailment, otherwise in
                    HealthFinding(name: name, state: ailment.map { .failing($0) } ?? otherwise)
                }
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

    private static let closeLimit = Duration.seconds(5)
    /// EX_UNAVAILABLE of sysexits.h.
    private static let unavailable: Int32 = 69
}

// SPDX-License-Identifier: Apache-2.0

/// All services of a process, from start to exit. Made by the program's main; `run` starts every service, and returns how it ended once
/// all of them have. SIGTERM or SIGINT, or a service that ends, drains; the limit's passing cancels; a second signal cancels at once.
///
/// A service that does not even heed its cancellation (a handler inside a C call) would keep `run` from returning. Then `abandon` is
/// called, shortly after the deadline or at the second signal, and a program ends its process there: what was held is redelivered.
package struct ServiceGroup: Sendable {
    /// What cancelled services get to put things away.
    static let overdueLimit = Duration.milliseconds(500)

    private let stages: [[any Service]]
    private let drainLimit: Duration
    private let signals: AsyncStream<ProcessSignal>
    private let sleeper: any Sleeper
    private let log: Logger
    private let reload: @Sendable () async -> Void
    private let abandon: @Sendable (Ending) -> Void

    /// Stages drain in their order: those that take events from outside first, what others depend on last.
    package init(
        stages: [[any Service]], drainLimit: Duration, signals: AsyncStream<ProcessSignal>, log: Logger,
        sleeper: any Sleeper, reload: @escaping @Sendable () async -> Void = {},
        abandon: @escaping @Sendable (Ending) -> Void
    ) {
        self.stages = stages
        self.drainLimit = drainLimit
        self.signals = signals
        self.sleeper = sleeper
        self.log = log
        self.reload = reload
        self.abandon = abandon
    }

    package func run() async -> Ending {
        let services = stages.flatMap { $0 }
        var plan = DrainPlan(stages: stages.map { $0.map(\.name) })
        guard !services.isEmpty else { return plan.ending }
        // Few things happen in the life of a process, and each of them counts: the buffer has no limit.
        let (happenings, mailbox) = AsyncStream.makeStream(of: DrainPlan.Happening.self)
        await withTaskGroup(of: Void.self) { group in
            for (index, service) in services.enumerated() {
                group.addTask { await mailbox.yield(.ended(index, failure(of: service))) }
            }
            group.addTask { for await signal in signals { mailbox.yield(.signal(signal)) } }
            for await happening in happenings {
                note(happening, services)
                for action in plan.take(happening) {
                    switch action {
                    case .reload: group.addTask { await reload() }
                    case .startDeadline: group.addTask { await wait(drainLimit, then: .deadline, mailbox) }
                    case .startOverdue: group.addTask { await wait(Self.overdueLimit, then: .overdue, mailbox) }
                    case .drain(let index):
                        group.addTask {
                            log.debug("draining", ["service": services[index].name])
                            await services[index].drain()
                            mailbox.yield(.asked(index))
                        }
                    case .cancelAll: group.cancelAll()
                    case .abandon: abandon(plan.ending)
                    case .finish: mailbox.finish()
                    }
                }
            }
            group.cancelAll()
        }
        return plan.ending
    }

    private func failure(of service: any Service) async -> (any Error)? {
        do {
            try await service.run()
            return nil
        } catch {
            return error
        }
    }

    private func wait(_ duration: Duration, then happening: DrainPlan.Happening, _ mailbox: AsyncStream<DrainPlan.Happening>.Continuation)
        async
    {
        // A cancelled wait is one that nobody needs any more.
        if (try? await sleeper.sleep(for: duration)) != nil { mailbox.yield(happening) }
    }

    private func note(_ happening: DrainPlan.Happening, _ services: [any Service]) {
        switch happening {
        case .signal(let signal): log.notice("signal", ["signal": "\(signal)"])
        case .ended(let index, let error?): log.error("service failed", ["service": services[index].name, "error": "\(error)"])
        case .ended(let index, nil): log.debug("service ended", ["service": services[index].name])
        case .asked: break
        case .deadline: log.warning("the drain took too long: what is held will be redelivered")
        case .overdue: log.error("a service does not stop")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
package import FlotillaHTTP
internal import FlotillaModel
package import FlotillaRuntime
internal import Synchronization

/// The thin door of the fleet. Made at start with its hooks and its publisher; serves requests from any loop until it drains.
///
/// The life of a request: route, verify, split, publish, answer. A 202 is a promise that every event is routed and confirmed.
package final class Ingress: Responder {
    /// A hook, and what is counted and said of it.
    private final class Entrance: Sendable {
        let hook: Hook
        let meters: HookMeters
        let log: RefusalLog

        init(hook: Hook, meters: HookMeters, log: RefusalLog) {
            self.hook = hook
            self.meters = meters
            self.log = log
        }
    }

    private let entrances: [String: Entrance]
    private let strangers: HookMeters
    private let publisher: any EventPublisher
    private let deadlines: Deadlines
    private let overdue: OverdueBytes
    private let loops: [Loop]
    private let clock: any WallClock
    private let random: any RandomSource
    private let version: String
    private let isDraining = Atomic<Bool>(false)

    /// `loops` are those that requests come on; `overdueLimit` is in bytes of events.
    package init(
        hooks: HookTable, publisher: any EventPublisher, deadlines: Deadlines, overdueLimit: Int, loops: [Loop] = [],
        clock: any WallClock = SystemClock(), random: any RandomSource = SystemRandom(), metrics: MetricsRegistry, log: Logger,
        version: String
    ) {
        entrances = Dictionary(
            uniqueKeysWithValues: hooks.all.map { hook in
                let meters = HookMeters(of: hook.name, statuses: [202, 401, 405, 413, 503], in: metrics)
                return (hook.name, Entrance(hook: hook, meters: meters, log: RefusalLog(of: hook.name, to: log)))
            })
        strangers = HookMeters(of: HookMeters.nameOfUnknown, statuses: [404], in: metrics)
        self.publisher = publisher
        self.deadlines = deadlines
        self.overdue = OverdueBytes(limit: overdueLimit)
        self.loops = loops
        self.clock = clock
        self.random = random
        self.version = version
    }

    /// From now on every request is told to come again later; what is being published goes on.
    package func drain() {
        isDraining.store(true, ordering: .releasing)
    }

    // MARK: Route

    /// Answers what can be answered without the body.
    package func admit(_ head: RequestHead) -> Admission {
        switch route(head) {
        case .answer(let response): .answer(response)
        case .entrance(let entrance): .proceed(entrance)
        }
    }

    package func respond(to request: Request, admitted: (any Sendable & AnyObject)? = nil) async -> Response {
        let begin = MonotonicClock.now
        switch (admitted as? Entrance).map(Route.entrance) ?? route(request.head) {
        case .answer(let response):
            return response
        case .entrance(let entrance):
            let response = isDraining.load(ordering: .acquiring) ? Answers.draining : await accept(request, at: entrance)
            entrance.meters.answered(response.status, since: begin)
            return response
        }
    }

    private enum Route {
        case answer(Response)
        case entrance(Entrance)
    }

    private func route(_ head: RequestHead) -> Route {
        let path = head.path
        if path == "/" {
            let isRead = head.method == "GET" || head.method == "HEAD"
            return .answer(isRead ? Answers.about(version: version) : Answers.notAllowed(but: "GET, HEAD"))
        }
        guard let entrance = HookTable.name(in: path).flatMap({ entrances[String($0)] }) else {
            return .answer(counted(Answers.nothingHere, by: strangers))
        }
        guard head.method == "POST" else { return .answer(counted(Answers.notAllowed(but: "POST"), by: entrance.meters)) }
        guard !isDraining.load(ordering: .acquiring) else { return .answer(counted(Answers.draining, by: entrance.meters)) }
        return .entrance(entrance)
    }

    private func counted(_ response: Response, by meters: HookMeters) -> Response {
        meters.answered(response.status)
        return response
    }

    // MARK: Verify, split, publish

    private func accept(_ request: Request, at entrance: Entrance) async -> Response {
        let now = clock.now
        do {
            let verified = try entrance.hook.verify(request, at: now)
            let events = try entrance.hook.split(verified, acceptedAt: now) { random.uuid(at: now) }
            return await publish(events.map(\.event), through: entrance)
        } catch let rejection as Rejection {
            entrance.meters.rejected(rejection.check)
            entrance.log.rejected(rejection, at: now)
            return Answers.rejected(rejection)
        } catch {
            entrance.log.unpublished(error, at: now)
            return Answers.later("the event can't be made now")
        }
    }

    private func publish(_ events: [Event], through entrance: Entrance) async -> Response {
        guard overdue.hasRoom else { return unpublished("too much is waiting for the broker", entrance) }
        let end = await Publication.run(
            events, to: publisher, within: entrance.hook.provider.answerWithin, by: deadlines, overdue: overdue,
            on: loops.first(where: \.isOnLoop))
        switch end {
        case .published:
            return Answers.accepted(events)
        case .late:
            return unpublished("the broker did not confirm in time", entrance)
        case .failed(let error):
            entrance.log.unpublished(error, at: clock.now)
            return (error as? BrokerFailure)?.kind == .refused ? Answers.tooLarge : Answers.later("the broker is away")
        }
    }

    private func unpublished(_ why: String, _ entrance: Entrance) -> Response {
        entrance.log.unpublished(why, at: clock.now)
        return Answers.later(why)
    }
}

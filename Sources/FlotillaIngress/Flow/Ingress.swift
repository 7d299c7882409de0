// SPDX-License-Identifier: Apache-2.0

package import FlotillaHTTP
internal import FlotillaModel
package import FlotillaRuntime
internal import Synchronization

/// The thin door of the fleet. Made at start with its hooks and its publisher; serves requests from any loop until it drains.
///
/// It finds the endpoint of a request and counts its answer. What an endpoint does with it is told in its own file: a hook verifies,
/// splits, publishes and answers. A 202 is a promise that every event is routed and confirmed.
package final class Ingress: Responder {
    private let hooks: [String: HookEndpoint]
    private let events: EventsEndpoint
    private let strangers: HookMeters
    private let version: String
    private let isDraining = Atomic<Bool>(false)

    /// `loops` are those that requests come on; `overdueLimit` is in bytes of events; without `secrets` a hook that waits for its secret
    /// refuses everything.
    package init(
        hooks: HookTable, tokens: APITokens = APITokens(), publisher: any EventPublisher, deadlines: Deadlines, overdueLimit: Int,
        loops: [Loop] = [],
        secrets: HookVault? = nil, clock: any WallClock = SystemClock(), random: any RandomSource = SystemRandom(),
        metrics: MetricsRegistry, log: Logger, version: String
    ) {
        let publisher = TimedPublisher(
            publisher: publisher, deadlines: deadlines, overdue: OverdueBytes(limit: overdueLimit), loops: loops)
        self.hooks = Dictionary(
            uniqueKeysWithValues: hooks.all.map { hook in
                let endpoint = HookEndpoint(
                    hook: hook,
                    handed: hook.awaitsSecret ? secrets.map { HandedSecret(of: hook, in: $0, clock: clock, log: log) } : nil,
                    meters: HookMeters(of: hook.name, in: metrics), log: RefusalLog(of: hook.name, to: log),
                    watch: HookWatch(of: hook.name, metrics: metrics, log: log) { deadlines.now }, publisher: publisher, clock: clock,
                    random: random)
                return (hook.name, endpoint)
            })
        events = EventsEndpoint(
            tokens: tokens, meters: HookMeters(of: EventsEndpoint.name, in: metrics), log: RefusalLog(of: EventsEndpoint.name, to: log),
            publisher: publisher, clock: clock)
        strangers = HookMeters(of: HookMeters.nameOfUnknown, from: [404], in: metrics)
        self.version = version
    }

    /// From now on every request is told to come again later; what is being published goes on.
    package func drain() {
        isDraining.store(true, ordering: .releasing)
    }

    /// Looks for hooks that have fallen silent, until the task is cancelled.
    package func watchHooks(_ sleeper: any Sleeper) async {
        while (try? await sleeper.sleep(for: .seconds(15))) != nil {
            for endpoint in hooks.values { endpoint.watch.look() }
        }
    }

    // MARK: Route

    /// Answers what can be answered without the body.
    package func admit(_ head: RequestHead) -> Response? {
        if case .answer(let response) = route(head) { response } else { nil }
    }

    package func respond(to request: Request) async -> Response {
        let begin = request.arrival ?? MonotonicClock.now
        switch route(request.head) {
        case .answer(let response):
            return response
        case .endpoint(let endpoint):
            let response = await LargeBodies.apart(request) { await endpoint.respond(to: request) }
            endpoint.meters.answered(response.status, since: begin)
            return response
        }
    }

    package func refused(_ target: String?, with status: Int) {
        let found = target.flatMap { endpoint(at: $0.prefix { $0 != "?" }) }
        (found?.meters ?? strangers).answered(status)
    }

    private enum Route {
        case answer(Response)
        case endpoint(any Endpoint)
    }

    private func route(_ head: RequestHead) -> Route {
        let path = head.path
        if path == "/" {
            let isRead = head.method == "GET" || head.method == "HEAD"
            return .answer(isRead ? Answers.about(version: version) : Answers.notAllowed(but: "GET, HEAD"))
        }
        guard let endpoint = endpoint(at: path) else { return .answer(counted(Answers.nothingHere, by: strangers)) }
        if let answer = endpoint.admit(head) { return .answer(counted(answer, by: endpoint.meters)) }
        guard !isDraining.load(ordering: .acquiring) else { return .answer(counted(Answers.draining, by: endpoint.meters)) }
        return .endpoint(endpoint)
    }

    private func endpoint(at path: Substring) -> (any Endpoint)? {
        if path == EventsEndpoint.path { return events }
        return HookTable.name(in: path).flatMap { hooks[String($0)] }
    }

    private func counted(_ response: Response, by meters: HookMeters) -> Response {
        meters.answered(response.status)
        return response
    }
}

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
    private let hooks: [String: Entrance]
    private let strangers: HookMeters
    private let version: String
    private let isDraining = Atomic<Bool>(false)

    /// `loops` are those that requests come on; `overdueLimit` is in bytes of events.
    package init(
        hooks: HookTable, publisher: any EventPublisher, deadlines: Deadlines, overdueLimit: Int, loops: [Loop] = [],
        clock: any WallClock = SystemClock(), random: any RandomSource = SystemRandom(), metrics: MetricsRegistry, log: Logger,
        version: String
    ) {
        let publisher = TimedPublisher(
            publisher: publisher, deadlines: deadlines, overdue: OverdueBytes(limit: overdueLimit), loops: loops)
        self.hooks = Dictionary(
            uniqueKeysWithValues: hooks.all.map { hook in
                let endpoint = HookEndpoint(
                    hook: hook, meters: HookMeters(of: hook.name, in: metrics), log: RefusalLog(of: hook.name, to: log),
                    publisher: publisher, clock: clock, random: random)
                return (hook.name, Entrance(endpoint))
            })
        strangers = HookMeters(of: HookMeters.nameOfUnknown, from: [404], in: metrics)
        self.version = version
    }

    /// From now on every request is told to come again later; what is being published goes on.
    package func drain() {
        isDraining.store(true, ordering: .releasing)
    }

    // MARK: Requests

    /// Answers what can be answered without the body.
    package func admit(_ head: RequestHead) -> Admission {
        let path = head.path
        if path == "/" {
            let isRead = head.method == "GET" || head.method == "HEAD"
            return .answer(isRead ? Answers.about(version: version) : Answers.notAllowed(but: "GET, HEAD"))
        }
        guard let entrance = entrance(at: path) else { return .answer(counted(Answers.nothingHere, by: strangers)) }
        let meters = entrance.endpoint.meters
        if let answer = entrance.endpoint.admit(head) { return .answer(counted(answer, by: meters)) }
        guard !isDraining.load(ordering: .acquiring) else { return .answer(counted(Answers.draining, by: meters)) }
        return .proceed(entrance)
    }

    /// A request ends where it began: its entrance is the one that admitted its head.
    package func respond(to request: Request, admitted: (any Sendable & AnyObject)?) async -> Response {
        let begin = request.arrival ?? MonotonicClock.now
        guard let endpoint = (admitted as? Entrance)?.endpoint else { return counted(Answers.nothingHere, by: strangers) }
        let response = isDraining.load(ordering: .acquiring) ? Answers.draining : await endpoint.respond(to: request)
        endpoint.meters.answered(response.status, since: begin)
        return response
    }

    package func refused(_ target: String?, with status: Int, from peer: NetworkAddress) {
        let found = target.flatMap { entrance(at: $0.prefix { $0 != "?" }) }
        (found?.endpoint.meters ?? strangers).answered(status)
    }

    private func entrance(at path: Substring) -> Entrance? {
        HookTable.name(in: path).flatMap { hooks[String($0)] }
    }

    private func counted(_ response: Response, by meters: HookMeters) -> Response {
        meters.answered(response.status)
        return response
    }
}

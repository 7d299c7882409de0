// SPDX-License-Identifier: Apache-2.0

package import FlotillaHTTP
internal import FlotillaModel
package import FlotillaRuntime
internal import Synchronization

/// The thin door of the fleet. Made at start with its hooks and its publisher; serves requests from any loop until it drains, and may be
/// given other hooks meanwhile: each request ends with the one that it began with.
///
/// It finds the entrance of a request and counts its answer. What an endpoint does with it is told in its own file: a hook verifies,
/// splits, publishes and answers. A 202 is a promise that every event is routed and confirmed.
package final class Ingress: Responder {
    /// All that a configuration decides, replaced as a whole.
    private final class Setup: Sendable {
        let entrances: [String: Entrance]
        let senders: SenderGuard

        init(_ entrances: [String: Entrance], _ senders: SenderGuard) {
            self.entrances = entrances
            self.senders = senders
        }
    }

    private let setup: Mutex<Setup>
    private let maker: EntranceMaker
    private let strangers: HookMeters
    private let version: String
    private let isDraining = Atomic<Bool>(false)

    /// `overdueLimit` is in bytes of events; without `secrets` a hook that waits for its secret refuses everything.
    package init(
        hooks: HookTable, tokens: APITokens = APITokens(), protection: Protection = Protection(), publisher: any EventPublisher,
        deadlines: Deadlines, overdueLimit: Int, secrets: HookVault? = nil, clock: any WallClock = SystemClock(),
        random: any RandomSource = SystemRandom(), metrics: MetricsRegistry, log: Logger, version: String
    ) {
        let publisher = TimedPublisher(publisher: publisher, deadlines: deadlines, overdue: OverdueBytes(limit: overdueLimit))
        maker = EntranceMaker(publisher: publisher, secrets: secrets, clock: clock, random: random, metrics: metrics, log: log)
        let senders = maker.senders(protection, after: nil)
        setup = Mutex(Setup(maker.entrances(of: hooks, tokens, protection, senders, after: [:]), senders))
        strangers = HookMeters(of: HookMeters.nameOfUnknown, from: [404], in: metrics)
        self.version = version
    }

    /// From now on requests come in by these. Those that are inside go on as they are. Not called twice at once.
    package func replace(hooks: HookTable, tokens: APITokens, protection: Protection, secrets: HookVault?) {
        let old = setup.withLock { $0 }
        var maker = maker
        maker.secrets = secrets
        let senders = maker.senders(protection, after: old.senders)
        let new = Setup(maker.entrances(of: hooks, tokens, protection, senders, after: old.entrances), senders)
        setup.withLock { $0 = new }
    }

    /// From now on every request is told to come again later; what is being published goes on.
    package func drain() {
        isDraining.store(true, ordering: .releasing)
    }

    /// Looks for hooks that have fallen silent, until the task is cancelled.
    package func watchHooks(_ sleeper: any Sleeper) async {
        while (try? await sleeper.sleep(for: .seconds(15))) != nil {
            for entrance in setup.withLock({ $0 }).entrances.values { (entrance.endpoint as? HookEndpoint)?.watch.look() }
        }
    }

    // MARK: Requests

    /// Answers what can be answered without the body.
    package func admit(_ head: RequestHead) -> Admission {
        let path = head.path
        if path == "/" {
            let isRead = head.method == "GET" || head.method == "HEAD"
            return .answer(isRead ? Answers.about(version: version) : Answers.notAllowed(but: "GET, HEAD"))
        }
        let setup = setup.withLock { $0 }
        let entrance = setup.entrances[String(path)]
        let meters = entrance?.meters ?? strangers
        if let answer = setup.senders.stop(head, meters) { return .answer(counted(answer, by: meters)) }
        guard let entrance else {
            return .answer(counted(setup.senders.refuse(head, with: Answers.nothingHere, meters), by: meters))
        }
        if let answer = entrance.admit(head) {
            return .answer(counted(setup.senders.refuse(head, with: answer, meters), by: meters))
        }
        guard !isDraining.load(ordering: .acquiring) else { return .answer(counted(Answers.draining, by: meters)) }
        return .proceed(entrance)
    }

    package func respond(to request: Request, admitted: (any Sendable & AnyObject)?) async -> Response {
        await withCheckedContinuation { continuation in
            begin(request, admitted: admitted, on: nil) { continuation.resume(returning: $0) }
        }
    }

    package func begin(
        _ request: Request, admitted: (any Sendable & AnyObject)?, on loop: Loop?, _ answer: @escaping @Sendable (Response) -> Void
    ) {
        guard let entrance = admitted as? Entrance else { return answer(counted(Answers.nothingHere, by: strangers)) }
        guard !isDraining.load(ordering: .acquiring) else {
            entrance.meters.answered(Answers.draining.status, since: request.arrival ?? MonotonicClock.now)
            return answer(Answers.draining)
        }
        entrance.respond(to: request, on: loop, answer)
    }

    package func refused(_ target: String?, with status: Int, from peer: NetworkAddress) {
        let setup = setup.withLock { $0 }
        let entrance = target.flatMap { setup.entrances[String($0.prefix { $0 != "?" })] }
        (entrance?.meters ?? strangers).answered(status)
        setup.senders.refused(peer, with: status)
    }

    private func counted(_ response: Response, by meters: HookMeters) -> Response {
        meters.answered(response.status)
        return response
    }
}

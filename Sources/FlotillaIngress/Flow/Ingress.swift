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
    private let hooks: HookTable
    private let publisher: any EventPublisher
    private let deadlines: Deadlines
    private let overdue: OverdueBytes
    private let loops: [Loop]
    private let clock: any WallClock
    private let version: String
    private let isDraining = Atomic<Bool>(false)

    /// `loops` are those that requests come on.
    package init(
        hooks: HookTable, publisher: any EventPublisher, deadlines: Deadlines, overdueLimit: Int, loops: [Loop] = [],
        clock: any WallClock = SystemClock(), version: String
    ) {
        self.hooks = hooks
        self.publisher = publisher
        self.deadlines = deadlines
        self.overdue = OverdueBytes(limit: overdueLimit)
        self.loops = loops
        self.clock = clock
        self.version = version
    }

    /// From now on every request is told to come again later; what is being published goes on.
    package func drain() {
        isDraining.store(true, ordering: .releasing)
    }

    /// Answers what can be answered without the body.
    package func admit(_ head: RequestHead) -> Response? {
        if case .answer(let response) = route(head) { response } else { nil }
    }

    package func respond(to request: Request) async -> Response {
        switch route(request.head) {
        case .answer(let response): response
        case .hook(let hook): await accept(request, for: hook)
        }
    }

    private enum Route {
        case answer(Response)
        case hook(Hook)
    }

    private func route(_ head: RequestHead) -> Route {
        if head.path == "/" {
            let isRead = head.method == "GET" || head.method == "HEAD"
            return .answer(isRead ? Answers.about(version: version) : Answers.notAllowed(but: "GET, HEAD"))
        }
        guard let name = HookTable.name(in: head.path) else { return .answer(Answers.unknownPath) }
        guard let hook = hooks[name] else { return .answer(Answers.unknownHook) }
        guard head.method == "POST" else { return .answer(Answers.notAllowed(but: "POST")) }
        return isDraining.load(ordering: .acquiring) ? .answer(Answers.draining) : .hook(hook)
    }

    private func accept(_ request: Request, for hook: Hook) async -> Response {
        let now = clock.now
        do {
            let verified = try hook.verify(request, at: now)
            let events = try hook.split(verified, acceptedAt: now, freshID: FreshID.make).map(\.event)
            return await publish(events, for: hook)
        } catch let rejection as Rejection {
            return Answers.rejected(rejection)
        } catch {
            return Answers.later("the event can't be made now")
        }
    }

    private func publish(_ events: [Event], for hook: Hook) async -> Response {
        guard overdue.hasRoom else { return Answers.later("too much is waiting for the broker") }
        let end = await Publication.run(
            events, to: publisher, within: hook.provider.answerWithin, by: deadlines, overdue: overdue, on: loops.first(where: \.isOnLoop))
        switch end {
        case .published: return Answers.accepted(events)
        case .late: return Answers.later("the broker did not confirm in time")
        case .failed(let error as BrokerFailure) where error.kind == .refused: return Answers.tooLarge
        case .failed: return Answers.later("the broker is away")
        }
    }
}

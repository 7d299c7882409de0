// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// An endpoint and what stands guard before it. What admits a request's head keeps it to the end of its body, whatever is configured
/// meanwhile: so each entrance is made for one configuration, and only its counts go on into the next one.
final class Entrance: Sendable {
    let endpoint: any Endpoint
    private let publisher: TimedPublisher
    let senders: SenderGuard
    /// The bodies that are with the endpoint.
    let held: InflightBytes
    private let networks: NetworkList
    private let log: RefusalLog
    private let clock: any WallClock

    init(
        _ endpoint: any Endpoint, publisher: TimedPublisher, senders: SenderGuard, held: InflightBytes,
        networks: NetworkList = NetworkList(), log: RefusalLog, clock: any WallClock
    ) {
        self.endpoint = endpoint
        self.publisher = publisher
        self.senders = senders
        self.held = held
        self.networks = networks
        self.log = log
        self.clock = clock
    }

    var meters: HookMeters { endpoint.meters }

    /// Answers what can be answered without the body; nil goes on.
    func admit(_ head: RequestHead) -> Response? {
        guard networks.isEmpty || networks.contains(senders.source(of: head)) else {
            // 401 like any other sender who can't prove himself: 403 and 410 make some providers give the hook up for good.
            let rejection = Rejection(.network, "the sender is in none of the hook's networks")
            meters.rejected(rejection.check)
            log.rejected(rejection, at: clock.now)
            return Answers.rejected(rejection)
        }
        if let answer = endpoint.admit(head) { return answer }
        return held.hasRoom(for: 1) ? nil : Answers.crowded
    }

    /// Calls `answer` once, from whichever thread has the last word.
    func respond(to request: Request, on loop: Loop?, _ answer: @escaping @Sendable (Response) -> Void) {
        let begin = request.arrival ?? MonotonicClock.now
        let size = request.body.count
        guard held.take(size) else {
            meters.answered(Answers.crowded.status, since: begin)
            return answer(Answers.crowded)
        }
        let finish = { @Sendable [self, head = request.head] (response: Response) in
            held.give(size)
            let response = senders.refuse(head, with: response, meters)
            meters.answered(response.status, since: begin)
            answer(response)
        }
        // Who is on no loop holds up nobody's connections.
        if LargeBodies.isLarge(request), loop != nil {
            LargeBodies.apart { [self] in follow(endpoint.judge(request), of: request, on: nil, finish) }
        } else {
            follow(endpoint.judge(request), of: request, on: loop, finish)
        }
    }

    private func follow(_ verdict: Course, of request: Request, on loop: Loop?, _ finish: @escaping @Sendable (Response) -> Void) {
        switch verdict {
        case .answer(let response): finish(response)
        case .publish(let events, let remark):
            let due = publisher.end(of: endpoint.answerWithin, with: request)
            publisher.publish(events, until: due, on: loop) { [endpoint] end in
                finish(endpoint.answer(events, end, remark: remark))
            }
        case .later(let judge):
            // Begins here and now, and goes on on the request's own loop where that is known: a detour over the shared pool costs several
            // times the whole request.
            Task.immediate(executorPreference: loop) { follow(await judge(), of: request, on: loop, finish) }
        }
    }
}

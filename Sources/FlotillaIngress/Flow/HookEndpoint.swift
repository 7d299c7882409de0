// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// A hook at work: greet, verify, split, publish, answer.
struct HookEndpoint: Endpoint {
    let hook: Hook
    /// Nil where the hook is configured with its secret.
    let handed: HandedSecret?
    let meters: HookMeters
    let log: RefusalLog
    let watch: HookWatch
    let publisher: TimedPublisher
    let clock: any WallClock
    let random: any RandomSource
    let senders: SenderGuard
    /// Nil where the hook takes as much as comes.
    let pace: HookPace?

    func admit(_ head: RequestHead) -> Response? {
        hook.methods.contains(head.method) ? nil : Answers.notAllowed(but: hook.methods.joined(separator: ", "))
    }

    func respond(to request: Request) async -> Response {
        let now = clock.now
        do {
            if let step = try hook.provider.handshake?.unsigned(request, to: hook) { return try await take(step, of: request, at: now) }
            let verified = try await verify(request, at: now)
            watch.accepted()
            senders.passed(request.head)
            let step = try hook.provider.handshake?.signed(verified, to: hook, at: now)
            if case .answer(let response) = step { return response }
            if let wait = pace?.take() { return slowDown(for: wait, at: now) }
            let events = try hook.split(verified, acceptedAt: now) { random.uuid(at: now) }
            let answer = await publish(events.map(\.event), of: request)
            if case .publish(let remark) = step, answer.status < 300 { log.asks(remark, at: now) }
            return answer
        } catch let rejection as Rejection {
            count(rejection, at: now)
            return Answers.rejected(rejection)
        } catch {
            log.unpublished(error, at: now)
            return Answers.later("the event can't be made now")
        }
    }

    func count(_ rejection: Rejection, at now: Timestamp) {
        meters.rejected(rejection.check)
        if rejection.check != .unavailable { watch.refused(rejection.check) }
        log.rejected(rejection, at: now)
    }

    private func slowDown(for wait: Duration, at now: Timestamp) -> Response {
        let rejection = Rejection(.rate, "the hook takes no more requests than its rate allows")
        meters.rejected(rejection.check)
        log.rejected(rejection, at: now)
        return Answers.tooMany(rejection.why, after: wait)
    }

    private func publish(_ events: [Event], of request: Request) async -> Response {
        // A heartbeat, or a batch of nothing: there is nothing to wait for.
        guard !events.isEmpty else { return Answers.accepted([], status: hook.provider.status) }
        let end = await publisher.publish(events, of: request, within: hook.provider.answerWithin)
        log.ended(end, at: clock.now)
        return Answers.published(events, end, status: hook.provider.status)
    }
}

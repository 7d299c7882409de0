// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// A hook at work: greet, verify, split; then, once its events are published, answer.
final class HookEndpoint: Endpoint {
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
    let answerWithin: Duration

    init(
        hook: Hook, handed: HandedSecret?, meters: HookMeters, log: RefusalLog, watch: HookWatch, publisher: TimedPublisher,
        clock: any WallClock, random: any RandomSource, senders: SenderGuard, pace: HookPace?
    ) {
        self.hook = hook
        self.handed = handed
        self.meters = meters
        self.log = log
        self.watch = watch
        self.publisher = publisher
        self.clock = clock
        self.random = random
        self.senders = senders
        self.pace = pace
        answerWithin = hook.provider.answerWithin
    }

    func admit(_ head: RequestHead) -> Response? {
        hook.methods.contains(head.method) ? nil : Answers.notAllowed(but: hook.methods.joined(separator: ", "))
    }

    func judge(_ request: Request) -> Course {
        let now = clock.now
        do {
            if let step = try hook.provider.handshake?.unsigned(request, to: hook) { return take(step, of: request, at: now) }
            if let handed { return later(at: now) { [self] in try accept(await verify(request, by: handed, at: now), at: now) } }
            return try accept(hook.verify(request, at: now), at: now)
        } catch {
            return .answer(refused(error, at: now))
        }
    }

    private func accept(_ verified: VerifiedRequest, at now: Timestamp) throws -> Course {
        watch.accepted()
        senders.passed(verified.head)
        let step = try hook.provider.handshake?.signed(verified, to: hook, at: now)
        if case .answer(let response) = step { return .answer(response) }
        if let wait = pace?.take() { return .answer(slowDown(for: wait, at: now)) }
        let events = try hook.split(verified, acceptedAt: now) { random.uuid(at: now) }
        // A heartbeat, or a batch of nothing: there is nothing to wait for.
        guard !events.isEmpty else { return .answer(Answers.accepted([], status: hook.provider.status)) }
        return .publish(events.map(\.event), remark: step?.remark)
    }

    func answer(_ events: [Event], _ end: Publication.End, remark: String?) -> Response {
        log.ended(end, at: clock.now)
        let answer = Answers.published(events, end, status: hook.provider.status)
        if let remark, answer.status < 300 { log.asks(remark, at: clock.now) }
        return answer
    }

    // MARK: Refused

    /// What is not judged here and now, with the same answers to what is wrong.
    func later(at now: Timestamp, _ judge: @escaping @Sendable () async throws -> Course) -> Course {
        .later { [self] in
            do { return try await judge() } catch { return .answer(refused(error, at: now)) }
        }
    }

    private func refused(_ error: any Error, at now: Timestamp) -> Response {
        guard let rejection = error as? Rejection else {
            log.unpublished(error, at: now)
            return Answers.later("the event can't be made now")
        }
        count(rejection, at: now)
        return Answers.rejected(rejection)
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
}

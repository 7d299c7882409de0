// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// A hook at work: verify, split, publish, answer.
struct HookEndpoint: Endpoint {
    /// Hashing and reading more bytes than these takes longer than other requests on the same loop should wait.
    private static let loopLimit = 64 * 1024

    let hook: Hook
    let meters: HookMeters
    let log: RefusalLog
    let publisher: TimedPublisher
    let clock: any WallClock
    let random: any RandomSource
    let senders: SenderGuard
    let pace: HookPace?

    func admit(_ head: RequestHead) -> Response? {
        head.method == "POST" ? nil : Answers.notAllowed(but: "POST")
    }

    func respond(to request: Request) async -> Response {
        let now = clock.now
        do {
            guard request.body.count > Self.loopLimit else { return try await accept(request, read(request, at: now), at: now) }
            let events = try await withTaskExecutorPreference(globalConcurrentExecutor) { try read(request, at: now) }
            return await accept(request, events, at: now)
        } catch let rejection as Rejection {
            return refuse(rejection, at: now)
        } catch {
            log.unpublished(error, at: now)
            return Answers.later("the event can't be made now")
        }
    }

    private func read(_ request: Request, at now: Timestamp) throws -> [Event] {
        let verified = try hook.verify(request, at: now)
        senders.passed(request.head)
        return try hook.split(verified, acceptedAt: now) { random.uuid(at: now) }.map(\.event)
    }

    private func accept(_ request: Request, _ events: [Event], at now: Timestamp) async -> Response {
        if let wait = pace?.take() {
            let rejection = Rejection(.rate, "the hook takes no more requests than its rate allows")
            meters.rejected(rejection.check)
            log.rejected(rejection, at: now)
            return Answers.tooMany(rejection.why, after: wait)
        }
        let end = await publisher.publish(events, of: request, within: hook.provider.answerWithin)
        log.ended(end, at: clock.now)
        return Answers.published(events, end)
    }

    private func refuse(_ rejection: Rejection, at now: Timestamp) -> Response {
        meters.rejected(rejection.check)
        log.rejected(rejection, at: now)
        return Answers.rejected(rejection)
    }
}

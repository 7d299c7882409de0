// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// A hook at work: verify, split, publish, answer.
struct HookEndpoint: Endpoint {
    let hook: Hook
    let meters: HookMeters
    let log: RefusalLog
    let publisher: TimedPublisher
    let clock: any WallClock
    let random: any RandomSource

    func admit(_ head: RequestHead) -> Response? {
        head.method == "POST" ? nil : Answers.notAllowed(but: "POST")
    }

    func respond(to request: Request) async -> Response {
        let now = clock.now
        do {
            let verified = try hook.verify(request, at: now)
            let events = try hook.split(verified, acceptedAt: now) { random.uuid(at: now) }
            return await publish(events.map(\.event), of: request)
        } catch let rejection as Rejection {
            meters.rejected(rejection.check)
            log.rejected(rejection, at: now)
            return Answers.rejected(rejection)
        } catch {
            log.unpublished(error, at: now)
            return Answers.later("the event can't be made now")
        }
    }

    private func publish(_ events: [Event], of request: Request) async -> Response {
        let end = await publisher.publish(events, of: request, within: hook.provider.answerWithin)
        log.ended(end, at: clock.now)
        return Answers.published(events, end)
    }
}

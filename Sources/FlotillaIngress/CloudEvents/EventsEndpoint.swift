// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// `POST /events`: CloudEvents over HTTP from any application that has a token. One request may bring many; it is accepted as a whole
/// or refused as a whole.
struct EventsEndpoint: Endpoint {
    static let path = "/events"
    /// In metrics and logs, where hooks have their names. No hook can be called so.
    static let name = "_events"
    /// What the clients of most languages wait at least; the rest belongs to the network.
    static let answerWithin = Duration.seconds(8)

    let tokens: APITokens
    let meters: HookMeters
    let log: RefusalLog
    let publisher: TimedPublisher
    let clock: any WallClock
    let senders: SenderGuard

    func admit(_ head: RequestHead) -> Response? {
        guard head.method == "POST" else { return Answers.notAllowed(but: "POST") }
        do throws(AccessRefusal) {
            _ = try tokens.access(head.headers, to: .events)
            return nil
        } catch {
            return refused(error)
        }
    }

    func respond(to request: Request) async -> Response {
        let now = clock.now
        do {
            let token = try tokens.access(request.head.headers, to: .events)
            senders.passed(request.head)
            let admission = EventAdmission(token: token, trace: TraceContext(request.head.headers), acceptedAt: now)
            let events = try EventMessage.events(in: request).map(admission.admit)
            guard !events.isEmpty else { return Answers.accepted([]) }
            let end = await publisher.publish(events, of: request, within: Self.answerWithin)
            log.ended(end, at: now)
            return Answers.published(events, end)
        } catch let refusal as AccessRefusal {
            return refused(refusal)
        } catch let error as UnacceptableEvents {
            meters.rejected(.content)
            log.rejected(Rejection(.content, error.why), at: now)
            return Answers.error(error.status, error.why)
        } catch {
            log.unpublished(error, at: now)
            return Answers.later("the events can't be taken now")
        }
    }

    private func refused(_ refusal: AccessRefusal) -> Response {
        let check: Rejection.Check =
            switch refusal {
            case .missing, .repeated: .header
            case .wrong, .scope: .signature
            case .unavailable: .unavailable
            }
        meters.rejected(check)
        log.rejected(Rejection(check, refusal.why), at: clock.now)
        return Answers.error(refusal.status, refusal.why, headers: refusal.headers)
    }
}

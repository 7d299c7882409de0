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
    let answerWithin = Duration.seconds(8)

    let tokens: APITokens
    let meters: HookMeters
    let log: RefusalLog
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

    func judge(_ request: Request) -> Course {
        let now = clock.now
        do {
            let token = try tokens.access(request.head.headers, to: .events)
            senders.passed(request.head)
            let admission = EventAdmission(token: token, trace: TraceContext(request.head.headers), acceptedAt: now)
            let events = try EventMessage.events(in: request).map(admission.admit)
            return events.isEmpty ? .answer(Answers.accepted([])) : .publish(events)
        } catch let refusal as AccessRefusal {
            return .answer(refused(refusal))
        } catch let error as UnacceptableEvents {
            meters.rejected(.content)
            log.rejected(Rejection(.content, error.why), at: now)
            return .answer(Answers.error(error.status, error.why))
        } catch {
            log.unpublished(error, at: now)
            return .answer(Answers.later("the events can't be taken now"))
        }
    }

    func answer(_ events: [Event], _ end: Publication.End, remark: String?) -> Response {
        log.ended(end, at: clock.now)
        return Answers.published(events, end)
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

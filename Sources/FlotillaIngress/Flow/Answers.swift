// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaHTTP
internal import FlotillaModel

/// What the ingress says, in one place: every status, and the reason that is given with it.
enum Answers {
    /// A status that has no body says it all.
    static func accepted(_ events: [Event], status: Int = 202) -> Response {
        guard status != 204 else { return Response(status: 204) }
        var json = JSONWriter(capacity: 64 * events.count + 32)
        json.object { json in
            json.member("accepted", events.count)
            json.key("ids")
            json.array { json in
                for event in events { json.string(event.id) }
            }
        }
        return .json(status, json.bytes)
    }

    static func published(_ events: [Event], _ end: Publication.End, status: Int = 202) -> Response {
        switch end {
        case .published: accepted(events, status: status)
        case .late: later("the broker did not confirm in time")
        case .slow: later("the request took too long to arrive")
        case .crowded: later("too much is waiting for the broker")
        case .failed(let error): (error as? BrokerFailure)?.kind == .refused ? tooLarge : later("the broker is away")
        }
    }

    static func rejected(_ rejection: Rejection) -> Response {
        switch rejection.check {
        case .content: error(400, rejection.why)
        case .unavailable: later(rejection.why)
        default: error(401, rejection.why)
        }
    }

    static func refused(_ rejection: Rejection, status: Int) -> Response { error(status, rejection.why) }

    /// The provider sends it again; what was published stays, and the equal id makes the second one a duplicate.
    static func later(_ why: String) -> Response {
        error(503, why, headers: Headers([("Retry-After", "5")]))
    }

    static func tooMany(_ why: String, after wait: Duration) -> Response {
        error(429, why, headers: Headers([("Retry-After", "\(max(1, Int(wait.inSeconds.rounded(.up))))")]))
    }

    static func notAllowed(but methods: String) -> Response {
        error(405, "the method is not allowed here", headers: Headers([("Allow", methods)]))
    }

    static let tooLarge = error(413, "the event is larger than the broker takes")
    static let nothingHere = error(404, "there is no such hook")
    static let crowded = later("too many bytes of this hook are in flight")
    static let draining = later("the service is stopping")

    static func about(version: String) -> Response {
        var json = JSONWriter(capacity: 64)
        json.object { json in
            json.member("name", "flotilla-ingress")
            json.member("version", version)
        }
        return .json(200, json.bytes)
    }

    static func error(_ status: Int, _ why: String, headers: Headers = Headers()) -> Response {
        var json = JSONWriter(capacity: 96)
        json.object { $0.member("error", why) }
        return .json(status, json.bytes, headers: headers)
    }
}

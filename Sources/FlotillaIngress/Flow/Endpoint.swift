// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel

/// One place of the ingress where requests come in: a hook, or the receiver of CloudEvents. Made from the configuration, reached by
/// its path alone, and used by many requests at once, from any loop.
protocol Endpoint: Sendable {
    var meters: HookMeters { get }
    /// How long it may take from a request's first byte until its events are confirmed.
    var answerWithin: Duration { get }

    /// Answers what can be answered without the body; nil goes on.
    func admit(_ head: RequestHead) -> Response?

    /// What becomes of the whole request. Never throws: whatever is wrong with it has an answer.
    func judge(_ request: Request) -> Course

    /// The answer to a request, once it is known what became of its events.
    func answer(_ events: [Event], _ end: Publication.End, remark: String?) -> Response
}

/// What a request leads to.
enum Course: Sendable {
    case answer(Response)
    /// These have to be published first. The remark is for the log of what is accepted.
    case publish([Event], remark: String? = nil)
    /// What it takes has to be waited for, though not for long.
    case later(@Sendable () async -> Course)
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// The publisher with a limit to each wait: one for all endpoints of an ingress.
struct TimedPublisher: Sendable {
    let publisher: any EventPublisher
    let deadlines: Deadlines
    let overdue: OverdueBytes

    /// Answers before that moment is over, whatever the publisher does.
    func publish(_ events: [Event], until due: UInt64, on loop: Loop?, _ answer: @escaping @Sendable (Publication.End) -> Void) {
        guard due > deadlines.now else { return answer(.slow) }
        guard overdue.hasRoom else { return answer(.crowded) }
        Publication.run(events, to: publisher, until: due, by: deadlines, overdue: overdue, on: loop, answer)
    }

    /// Patience counts from the request's first byte: a body that took its time has used up a part of it.
    func end(of patience: Duration, with request: Request) -> UInt64 {
        (request.arrival ?? deadlines.now) &+ patience.inNanoseconds
    }
}

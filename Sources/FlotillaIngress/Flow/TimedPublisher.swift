// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// The publisher with a limit to each wait: one for all endpoints of an ingress.
struct TimedPublisher: Sendable {
    let publisher: any EventPublisher
    let deadlines: Deadlines
    let overdue: OverdueBytes
    /// Those that requests come on.
    let loops: [Loop]

    /// Returns before the patience is over, whatever the publisher does. It counts from the request's first byte: a body that took
    /// its time has used up a part of it.
    func publish(_ events: [Event], of request: Request, within patience: Duration) async -> Publication.End {
        let due = end(of: patience, with: request)
        guard due > deadlines.now else { return .slow }
        guard overdue.hasRoom else { return .crowded }
        return await Publication.run(
            events, to: publisher, until: due, by: deadlines, overdue: overdue, on: loops.first(where: \.isOnLoop))
    }

    func end(of patience: Duration, with request: Request) -> UInt64 {
        (request.arrival ?? deadlines.now) &+ patience.inNanoseconds
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// Publishes the events of one call: each is written once, and a delivery of it into every queue that is bound to its type;
/// into `unrouted` when there is none.
///
/// Sendable because nothing in it changes after `init`.
final class PublishOperation: Operation, @unchecked Sendable {
    private let events: [Event]
    private let end: @Sendable ((any Error)?) -> Void

    init(_ events: [Event], _ end: @escaping @Sendable ((any Error)?) -> Void) {
        self.events = events
        self.end = end
    }

    func perform(in turn: Turn) throws {
        for event in events {
            let number = turn.nextNumber()
            try EventRow.add(event, number: number, in: turn)
            let targets = turn.routes.targets(of: event.type)
            for queue in targets { try Deliveries.add(number, to: queue, in: turn) }
            if targets.isEmpty { try Letters.keep(event: number, in: QueueNames.unrouted, Passage(), in: turn) }
        }
    }

    func finish(_ failure: (any Error)?) { end(failure) }
}

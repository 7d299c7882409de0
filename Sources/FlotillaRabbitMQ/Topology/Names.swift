// SPDX-License-Identifier: Apache-2.0

/// The names that one fleet uses on a broker: those that the README lists, behind the fleet's prefix.
struct Names: Sendable, Equatable {
    let prefix: String
    /// What is behind the name of a park.
    var parkPlaces = ParkPlaces()

    var events: String { prefix + "flotilla.events" }
    var queues: String { prefix + "flotilla.queues" }
    var delay: String { prefix + "flotilla.delay" }
    var unroutedExchange: String { prefix + "flotilla.unrouted" }
    var journal: String { prefix + "flotilla.journal" }
    /// What each worker's queue was bound to: AMQP has no way to ask the broker.
    var bindings: String { prefix + "flotilla.bindings" }

    func rung(_ seconds: Int) -> String { prefix + "flotilla.delay.\(seconds)s" }

    /// A worker's queue, one of its companions, or `unrouted`.
    func queue(_ name: String) -> String { prefix + name }
}

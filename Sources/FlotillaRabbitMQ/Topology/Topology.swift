// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

/// Everything that a fleet needs on a broker, as data. What is declared, checked and removed is read from here and nowhere else.
///
/// - Events go through `flotilla.events` to every queue that is bound to their type, and to `unrouted` when there is none.
/// - A single queue is reached through `flotilla.queues`, where each is bound by its own name.
/// - A delay is a rung: a queue whose messages expire into `flotilla.queues`. It is filled through the headers exchange with the target
///   as routing key, because a message that is published by the rung's own name would expire back into the rung.
struct Topology: Sendable {
    struct Exchange: Sendable, Equatable {
        let name: String
        let kind: String
        var alternate: String?
    }

    struct Queue: Sendable, Equatable {
        let name: String
        var arguments: [Argument]
        /// Of one that may have other limits than it was made with: the definition of the policy that gives it these.
        var policy: String?
    }

    struct Binding: Sendable, Equatable {
        let queue: String
        let exchange: String
        var key = ""
        var arguments: [Argument] = []
    }

    enum Value: Sendable, Equatable {
        case text(String)
        case number(Int64)
        /// In whole seconds on the wire.
        case moment(Timestamp)
    }

    struct Argument: Sendable, Equatable {
        let name: String
        let value: Value

        init(_ name: String, _ text: String) { (self.name, value) = (name, .text(text)) }
        init(_ name: String, _ number: Int64) { (self.name, value) = (name, .number(number)) }
        init(_ name: String, _ moment: Timestamp) { (self.name, value) = (name, .moment(moment)) }
    }

    var exchanges: [Exchange] = []
    var queues: [Queue] = []
    var bindings: [Binding] = []

    /// Seconds. A longer delay passes the last one several times.
    static let ladder = [1, 5, 15, 60, 300, 900, 3600, 14400]
    /// Of a message that goes through the headers exchange: the rung that it is meant for.
    static let rungHeader: StaticString = "flotilla-delay"

    /// Each connection that closes counts as a delivery of what it held, so that a small limit dead-letters what nobody has touched;
    /// -1 is "none" on some versions and "at once" on others. The guard against crash loops is the ledger's.
    static let deliveryLimit: Int64 = 1_000_000

    /// In a cluster each queue has a leader, which does its work: without this all of them would be on the node that the first process
    /// of the fleet was connected to. A policy of the broker goes before it.
    static let spread = Argument("x-queue-leader-locator", "balanced")

    static func quorum(_ more: Argument...) -> [Argument] {
        [Argument("x-queue-type", "quorum"), Argument("x-delivery-limit", deliveryLimit), spread] + more
    }

    /// What is there once for each fleet.
    static func fleet(_ names: Names, journal: JournalRetention?) -> Topology {
        var all = Topology()
        all.exchanges = [
            Exchange(name: names.unroutedExchange, kind: "fanout"),
            Exchange(name: names.events, kind: "topic", alternate: names.unroutedExchange),
            Exchange(name: names.queues, kind: "direct", alternate: names.unroutedExchange),
            Exchange(name: names.delay, kind: "headers"),
        ]
        let unrouted = names.queue(QueueNames.unrouted)
        all.queues.append(Queue(name: unrouted, arguments: quorum()))
        all.bindings.append(Binding(queue: unrouted, exchange: names.unroutedExchange))
        for seconds in ladder {
            let rung = names.rung(seconds)
            all.queues.append(
                Queue(
                    name: rung,
                    arguments: quorum(
                        Argument("x-message-ttl", Int64(seconds) * 1000), Argument("x-dead-letter-exchange", names.queues),
                        Argument("x-dead-letter-strategy", "at-least-once"), Argument("x-overflow", "reject-publish"))))
            all.bindings.append(
                Binding(
                    queue: rung, exchange: names.delay,
                    arguments: [Argument("x-match", "all"), Argument("\(rungHeader)", String(seconds))]))
        }
        all.queues.append(JournalRetention.bindings.stream(names.bindings))
        // Without bindings: one to everything would make everything routable, and neither the alternate exchange nor `mandatory`
        // would ever tell of an event that nobody takes.
        if let journal { all.queues.append(journal.stream(names.journal)) }
        return all
    }

    /// What each worker adds. Its bindings to types change with its configuration: see BindingRecord.
    static func worker(_ queue: String, _ names: Names) -> Topology {
        var all = Topology()
        let dead = names.queue(QueueNames.dead(queue))
        all.queues = [Queue(name: dead, arguments: quorum())]
        all.queues += names.parkPlaces.all(of: queue).map { Queue(name: names.queue($0), arguments: quorum()) }
        all.queues.append(
            Queue(
                name: names.queue(queue),
                arguments: quorum(
                    Argument("x-dead-letter-exchange", names.queues), Argument("x-dead-letter-routing-key", dead),
                    Argument("x-dead-letter-strategy", "at-least-once"), Argument("x-overflow", "reject-publish"))))
        all.bindings = all.queues.map { Binding(queue: $0.name, exchange: names.queues, key: $0.name) }
        return all
    }

    /// The first rung that does not end before the delay does; the last one for what is longer than all.
    static func rung(for delay: Duration) -> Int {
        ladder.first { delay <= .seconds($0) } ?? ladder[ladder.count - 1]
    }
}

/// How long a stream keeps what it has.
package struct JournalRetention: Sendable, Equatable {
    package let days: Int
    package let bytes: Int64

    package init(days: Int, bytes: Int64) {
        self.days = days
        self.bytes = bytes
    }

    static let bindings = JournalRetention(days: 3650, bytes: 20_000_000)

    func stream(_ name: String) -> Topology.Queue {
        Topology.Queue(name: name, arguments: arguments, policy: #"{"max-age":"\#(days)D","max-length-bytes":\#(bytes)}"#)
    }

    /// Whole segments leave, so that a segment must be small beside the limit.
    private var arguments: [Topology.Argument] {
        [
            Topology.Argument("x-queue-type", "stream"), Topology.spread, Topology.Argument("x-max-age", "\(days)D"),
            Topology.Argument("x-max-length-bytes", bytes),
            Topology.Argument("x-stream-max-segment-size-bytes", min(500_000_000, max(1_000_000, bytes / 10))),
        ]
    }
}

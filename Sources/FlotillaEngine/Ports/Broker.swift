// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// The port that publishes events and delivers them.
///
/// - **Publishing** returns when every event was routed to at least one durable queue and confirmed; it throws otherwise, and then
///   some of the events may have been published all the same. An event that no queue is bound to goes to `unrouted`.
/// - **Order**: deliveries of one queue come roughly in the order of publication; returned and delayed ones come when they come.
/// - **Duplicates**: a delivery comes at least once. It comes again when its holder vanished, and may come again after any failure.
/// - **Threads**: every call may be made from any task. A delivery is settled by exactly one call; later calls do nothing.
/// - **Failure**: a broker that is away makes `publish` and `forward` throw and `next` wait; it comes back by itself.
package protocol Broker: Sendable {
    /// Makes the queue and its companions (`{queue}.dead`, `{queue}.parked`), and binds it to exactly these patterns.
    func declare(_ queue: String, bindings: [TopicPattern]) async throws

    /// Before events with such bodies are taken from others: throws when the broker would take none of that size.
    func expect(bodiesOf largest: Int) async throws

    func publish(_ events: [Event]) async throws

    /// The same without a task that waits: `end` is called once, from any thread.
    func publish(_ events: [Event], then end: @escaping @Sendable (Result<Void, any Error>) -> Void)

    /// Confirms a copy of what was delivered, the event untouched, in the named queue, no sooner than `delay` from now.
    /// The copy carries `passage` and nothing else of the delivery's own headers. The delivery itself is not settled by this.
    func forward(_ delivery: Delivery, to queue: String, passage: Passage, after delay: Duration) async throws

    /// At most `prefetch` deliveries are held unsettled at any time.
    func subscribe(to queue: String, prefetch: Int) async throws -> any Subscription

    /// Nil when it can publish and deliver now; otherwise what is wrong, in words that may be shown.
    func ailment() async -> String?

    func standing() async -> BrokerStanding
}

extension Broker {
    package func publish(_ events: [Event], then end: @escaping @Sendable (Result<Void, any Error>) -> Void) {
        Task.immediate {
            do {
                try await publish(events)
                end(.success(()))
            } catch {
                end(.failure(error))
            }
        }
    }

    /// Of one that takes whatever there is room for.
    package func expect(bodiesOf largest: Int) async throws {}

    /// Of one that is a file or memory of this process.
    package func standing() async -> BrokerStanding { await ailment() == nil ? .up : .away }
}

/// Whether a broker is there, apart from single queues and consumers.
package enum BrokerStanding: Sendable {
    case up
    /// It is there, and takes no publishes for now.
    case blocked
    case away
}

/// A stream of deliveries of one queue: made by `subscribe`, ended by `cancel`.
package protocol Subscription: Sendable {
    /// The next delivery, or nil after `cancel`. Several tasks may wait at once.
    func next() async throws -> Delivery?

    /// Takes no more, gives back what nobody has received; what was received is still settled by its receiver.
    func cancel() async
}

/// Why an event was not published or forwarded, in words that may be shown.
package struct BrokerFailure: Error, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// It may work later: the answer is 503.
        case away
        /// This event can't be published: the answer is 413 or a dead letter.
        case refused
    }

    package let kind: Kind
    package let description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaRuntime
internal import Synchronization

/// What waits to be published: put in by any task, taken out by the publishing Loop. Bounded by those who wait: each message has a
/// caller, and each caller a deadline, which is kept here so that it holds while that Loop is stuck.
final class PublishInbox: Sendable {
    /// A class, since a message is large and passes through several hands.
    final class Item: Sendable {
        let publication: Publication
        let message: Message

        init(_ publication: Publication, _ message: Message) {
            self.publication = publication
            self.message = message
        }
    }

    private struct State {
        var items: [Item] = []
        var scheduled = false
        var closed = false
        /// By the order of their deadlines, since all have the same patience.
        var waiting = Fifo<Publication>()
    }

    private let state = Mutex(State())

    enum Admission { case schedule, scheduled, closed }

    func put(_ publication: Publication, _ messages: [Message]) -> Admission {
        state.withLock { state in
            guard !state.closed else { return .closed }
            for message in messages { state.items.append(Item(publication, message)) }
            state.waiting.append(publication)
            defer { state.scheduled = true }
            return state.scheduled ? .scheduled : .schedule
        }
    }

    func take() -> [Item] {
        state.withLock { state in
            state.scheduled = false
            let items = state.items
            state.items = []
            state.items.reserveCapacity(min(items.count, 1024))
            return items
        }
    }

    /// Fails what has waited too long. True when there was any.
    func expire(now: UInt64, _ failure: BrokerFailure) -> Bool {
        let late = state.withLock { state in
            var late: [Publication] = []
            while let first = state.waiting.first, first.isOver || first.deadline <= now {
                if !first.isOver { late.append(first) }
                _ = state.waiting.popFirst()
            }
            return late
        }
        for publication in late { publication.end(.failure(failure)) }
        return !late.isEmpty
    }

    func close(_ failure: BrokerFailure) {
        let waiting = state.withLock { state in
            state.closed = true
            state.items = []
            return state.waiting.removeAll()
        }
        for publication in waiting { publication.end(.failure(failure)) }
    }
}

// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
package import FlotillaModel
package import FlotillaRuntime
internal import Synchronization

/// The Broker port in memory, for tests of whatever needs one: the same promises as a real one, for as long as the process lives.
package final class MemoryBroker: Broker {
    struct Item {
        var content: Result<Event, InvalidEvent>
        var passage: Passage
        var accepted: Timestamp
        /// Of a letter: when it was laid down, and its number.
        var kept = Timestamp(microseconds: 0)
        var tag: Int64 = 0
    }

    private struct Queue {
        var bindings: [TopicPattern] = []
        var ready: [Item] = []
        var delayed: [(due: Timestamp, item: Item)] = []
        var subscriptions: [MemorySubscription] = []
        /// Cancelled, with deliveries that their receivers have not settled yet.
        var leaving: [MemorySubscription] = []
    }

    private struct State {
        var queues: [String: Queue] = [:]
        var letters: [String: [Item]] = [:]
        var lastTag: Int64 = 0
        /// The newest of what was accepted, and how many older ones have left.
        var journal: [JournalEntry] = []
        var journalStart: Int64 = 0
        var away: String?
        /// What has left its queue, in that order; one task at a time brings it to whoever has reserved room.
        var handed: [(MemorySubscription, [Item])] = []
        var isHanding = false
    }

    private let state = Mutex(State())
    private let clock: any WallClock
    private let loop: Loop

    static let journalLimit = 20_000

    /// - Parameter loop: whose timers wake what was delayed.
    package init(clock: any WallClock, loop: Loop) {
        self.clock = clock
        self.loop = loop
    }

    /// From now on every publication throws; nil ends it.
    package func fail(because why: String?) { state.withLock { $0.away = why } }

    /// What is kept for people in a queue such as `{queue}.dead`.
    package func letters(in queue: String) -> [(content: Result<Event, InvalidEvent>, passage: Passage)] {
        state.withLock { $0.letters[queue, default: []].map { ($0.content, $0.passage) } }
    }

    /// The letters in the park of a worker's queue, in their order.
    func parkedLetters(in queue: String) throws -> [Letter] {
        let park = QueueNames.parked(queue)
        return try change { state in
            state.letters[park, default: []].map {
                Letter(queue: park, content: $0.content, passage: $0.passage, accepted: $0.accepted, kept: $0.kept, tag: $0.tag)
            }
        }
    }

    /// A parked letter goes on in its queue, or away. False when it has left already.
    func take(_ letter: Letter, into queue: String?) throws -> Bool {
        let passage = letter.resumed(at: clock.now)
        return try change { state in
            guard let index = state.letters[letter.queue]?.firstIndex(where: { $0.tag == letter.tag }) else { return false }
            if let queue {
                guard state.queues[queue] != nil else { throw BrokerFailure(.refused, "there is no queue \(queue)") }
                let item = Item(content: letter.content, passage: passage, accepted: letter.accepted ?? clock.now)
                state.queues[queue]?.ready.append(item)
            }
            state.letters[letter.queue]?.remove(at: index)
            return true
        }
    }

    func ready(in queue: String) -> Int { state.withLock { $0.queues[queue]?.ready.count ?? 0 } }

    /// What is on its way in a worker's queue: ready, delayed or held.
    package func depth(of queue: String) -> Int {
        state.withLock { state in
            guard let queue = state.queues[queue] else { return 0 }
            return queue.ready.count + queue.delayed.count + (queue.subscriptions + queue.leaving).reduce(0) { $0 + $1.depth }
        }
    }

    package func declare(_ queue: String, bindings: [TopicPattern]) async throws {
        guard QueueNames.isWorkerQueue(queue) else { throw BrokerFailure(.refused, "\(queue) can't be the name of a queue") }
        state.withLock { $0.queues[queue, default: Queue()].bindings = bindings }
    }

    package func publish(_ events: [Event]) async throws {
        let now = clock.now
        try change { state in
            for event in events {
                let item = Item(content: .success(event), passage: Passage(), accepted: now)
                let targets = state.queues.filter { $0.value.bindings.contains { $0.matches(event.type) } }.keys
                for queue in targets { state.queues[queue]?.ready.append(item) }
                if targets.isEmpty { Self.keep(item, in: QueueNames.unrouted, &state, now) }
                state.journal.append(JournalEntry(event: event, accepted: now))
            }
            guard state.journal.count >= 2 * Self.journalLimit else { return }
            state.journalStart += Int64(state.journal.count - Self.journalLimit)
            state.journal.removeFirst(state.journal.count - Self.journalLimit)
        }
        distribute()
    }

    /// A damaged delivery, as a broker may bring one.
    package func publishDamaged(to queue: String) async throws {
        let item = Item(content: .failure(.specVersion), passage: Passage(), accepted: clock.now)
        try change { $0.queues[queue]?.ready.append(item) }
        distribute()
    }

    package func forward(_ delivery: Delivery, to queue: String, passage: Passage, after delay: Duration) async throws {
        let now = clock.now
        let item = Item(content: delivery.content, passage: passage, accepted: delivery.accepted ?? now)
        try change { state in
            if queue == QueueNames.unrouted || queue.hasSuffix(".dead") || queue.hasSuffix(".parked") {
                Self.keep(item, in: queue, &state, now)
            } else if state.queues[queue] == nil {
                throw BrokerFailure(.refused, "there is no queue \(queue)")
            } else if delay > .zero {
                state.queues[queue]?.delayed.append((now + delay, item))
            } else {
                state.queues[queue]?.ready.append(item)
            }
        }
        if delay > .zero { loop.post { _ = self.loop.schedule(after: delay) { self.distribute() } } }
        distribute()
    }

    package func subscribe(to queue: String, prefetch: Int) async throws -> any Subscription {
        let subscription = MemorySubscription(queue: queue, prefetch: prefetch, broker: self)
        try state.withLock { state in
            guard state.queues[queue] != nil else { throw BrokerFailure(.refused, "there is no queue \(queue)") }
            state.queues[queue]?.subscriptions.append(subscription)
        }
        distribute()
        return subscription
    }

    package func ailment() async -> String? { state.withLock { $0.away } }

    /// Whoever has subscribed is gone, as a killed process would be: what it held comes again, what it still says is not heard.
    package func vanish() {
        let subscriptions = state.withLock { state in
            let subscriptions = state.queues.values.flatMap { $0.subscriptions + $0.leaving }
            for name in state.queues.keys {
                state.queues[name]?.subscriptions = []
                state.queues[name]?.leaving = []
            }
            return subscriptions
        }
        for subscription in subscriptions {
            let held = subscription.vanish()
            state.withLock { $0.queues[subscription.queue]?.ready.insert(contentsOf: held, at: 0) }
        }
        distribute()
    }

    /// The entries behind a number, counted from 1.
    func journal(behind number: Int64) -> (entries: ArraySlice<JournalEntry>, first: Int64) {
        state.withLock { state in
            let skipped = max(0, number - state.journalStart)
            return (state.journal.dropFirst(Int(clamping: skipped)), state.journalStart + skipped)
        }
    }

    func giveBack(_ item: Item, to queue: String) {
        state.withLock { $0.queues[queue]?.ready.insert(item, at: 0) }
        distribute()
    }

    func forget(_ subscription: MemorySubscription) {
        state.withLock { state in
            guard var queue = state.queues[subscription.queue] else { return }
            queue.subscriptions.removeAll { $0 === subscription }
            queue.leaving.removeAll { $0 === subscription || $0.depth == 0 }
            if subscription.depth > 0 { queue.leaving.append(subscription) }
            state.queues[subscription.queue] = queue
        }
    }

    /// Hands out what is ready to whoever has room.
    func distribute() {
        let now = clock.now
        let isMine = state.withLock { state in
            for name in state.queues.keys {
                guard var queue = state.queues[name] else { continue }
                queue.ready += queue.delayed.filter { $0.due <= now }.map(\.item)
                queue.delayed.removeAll { $0.due <= now }
                for subscription in queue.subscriptions where !queue.ready.isEmpty {
                    let taken = subscription.reserve(queue.ready.count)
                    guard taken > 0 else { continue }
                    state.handed.append((subscription, Array(queue.ready.prefix(taken))))
                    queue.ready.removeFirst(taken)
                }
                state.queues[name] = queue
            }
            defer { state.isHanding = true }
            return !state.isHanding
        }
        guard isMine else { return }
        while let (subscription, items) = nextHanded() { subscription.accept(items) }
    }

    private func nextHanded() -> (MemorySubscription, [Item])? {
        state.withLock { state in
            guard !state.handed.isEmpty else {
                state.isHanding = false
                return nil
            }
            return state.handed.removeFirst()
        }
    }

    private func change<Value>(_ body: (inout State) throws -> Value) throws -> Value {
        try state.withLock { state in
            if let away = state.away { throw BrokerFailure(.away, away) }
            return try body(&state)
        }
    }

    /// One letter for each event, as the other adapters keep them.
    private static func keep(_ item: Item, in queue: String, _ state: inout State, _ now: Timestamp) {
        if case .success(let event) = item.content {
            state.letters[queue, default: []].removeAll {
                guard case .success(let other) = $0.content else { return false }
                return other.id == event.id && other.source == event.source
            }
        }
        var item = item
        state.lastTag += 1
        (item.tag, item.kept) = (state.lastTag, now)
        state.letters[queue, default: []].append(item)
    }
}

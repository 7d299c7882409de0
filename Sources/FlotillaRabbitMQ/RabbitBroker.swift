// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
package import FlotillaModel
package import FlotillaRuntime
internal import Synchronization

/// The Broker port on RabbitMQ: made by `open`, which declares what a fleet needs, ended by `close`.
///
/// Five connections, each on a Loop of its own, since each may block: one publishes, another one what is large, one consumes, one declares
/// and looks, one looks through parks. A sixth Loop keeps their deadlines. What is lost on the way comes back: connections by themselves, deliveries from the broker.
package final class RabbitBroker: Broker {
    package struct Options: Sendable {
        /// Before all names, for several fleets on one broker.
        package var prefix = ""
        /// Nil: no journal.
        package var journal: JournalRetention?
        /// In the broker's list of connections.
        package var program = "flotilla"
        /// How long a publish may wait for its confirm, a broker that is away included.
        package var patience = Duration.seconds(10)
        /// Queues of each park that are chosen by the connection. The same for the whole fleet.
        package var parkPlaces = ParkPlaces.usual
        /// Whether what a fleet needs is declared, as those do that belong to it; a command that looks at it does not.
        package var declares = true
        /// Told what happens to connections and channels, in words that may be shown: a handler that ran for longer than the broker waits
        /// for an acknowledgement is noticed here.
        package var notice: @Sendable (String) -> Void = { _ in }
        /// What the management API says of the queues, by their names on the broker; nil when it does not answer.
        package var figures: @Sendable () async -> [String: QueueFigures]? = { nil }

        package init() {}
    }

    let names: Names
    let setup: SetupLine
    /// For looking through parks, which may take long.
    let parkLine: SetupLine
    let parkTurn = Solitude()
    let publishers: Publishers
    let clock: any WallClock
    private let consumers: Consumers
    let options: Options
    private let overseer: Overseer
    private let known = Mutex<Set<String>>([])
    /// Bytes of a message that the broker is known to take.
    private let messageLimit = Atomic(Int.max)

    private static let refusalPause = Duration.seconds(1)
    private static let closeLimit = Duration.seconds(2)
    private static let trialLimit = Duration.seconds(15)

    package static func open(
        _ address: BrokerAddress, options: Options = Options(), clock: any WallClock = SystemClock(),
        random: any RandomSource = SystemRandom()
    ) async throws -> RabbitBroker {
        let broker = try RabbitBroker(address, options, clock, random)
        do {
            try await broker.prepare()
            return broker
        } catch {
            await broker.close()
            throw error
        }
    }

    private init(_ address: BrokerAddress, _ options: Options, _ clock: any WallClock, _ random: any RandomSource) throws {
        let names = Names(prefix: options.prefix, parkPlaces: ParkPlaces(count: options.parkPlaces))
        let loops = try Loops()
        self.names = names
        self.options = options
        self.clock = clock
        var limits = PublishLimits()
        limits.patience = options.patience
        func line(_ purpose: String, _ loop: Loop, _ watch: SocketWatch = SocketWatch()) -> Line {
            let line = Line(address, name: "\(options.program) \(purpose)", loop: loop, watch: watch, random: random)
            line.notice = options.notice
            return line
        }
        let overseer = Overseer(loops.watch)
        let publishers = Publishers(
            small: Publisher(line: line("publish", loops.publish), loop: loops.publish, names: names, limits: limits, clock: clock),
            large: Publisher(
                line: line("publish large", loops.large, SocketWatch(ailment: nil)), loop: loops.large, names: names,
                limits: .large(patience: options.patience), clock: clock))
        let consuming = line("consume", loops.consume)
        let consumers = Consumers(line: consuming, loop: loops.consume, clock: clock) { delivery, moment in
            // It was on a rung and is not due: on to the next one, and the copy that came is settled when that one is confirmed.
            guard let copy = Copies.delayed(delivery, until: moment, names, now: clock.now) else { return delivery.giveBack() }
            publishers.publish([copy]) { result in
                guard case .failure = result else { return delivery.acknowledge() }
                // It would come back at once, and be refused again.
                overseer.later(Self.refusalPause) { delivery.giveBack() }
            }
        }
        let setup = SetupLine(address, name: "\(options.program) setup", loop: loops.setup)
        self.publishers = publishers
        self.consumers = consumers
        let parkLine = SetupLine(address, name: "\(options.program) park", loop: loops.park)
        self.setup = setup
        self.parkLine = parkLine
        self.overseer = overseer
    }

    private func prepare() async throws {
        overseer.start { [publishers, consumers, setup, parkLine] in
            publishers.watchOver()
            consumers.watchOver()
            setup.watchOver()
            parkLine.watchOver()
        }
        if options.declares {
            let topology = Topology.fleet(names, journal: options.journal)
            try await setup.ask { [options] link in try Declaring(link, notice: options.notice).declare(topology) }
        }
        publishers.start()
        consumers.start()
    }

    /// What is larger than the broker takes closes the channel for all that is on its way over it. In the journal an event may take a
    /// third more.
    package func expect(bodiesOf largest: Int) async throws {
        let wanted = (options.journal == nil ? largest : largest + largest / 2) + 200_000
        // One that is short of memory reads nothing.
        let limit = try await setup.ask(repeatable: false, within: Self.trialLimit) { link in try link.messageLimit(below: wanted, on: 3) }
        guard let limit else { return }
        guard limit >= largest else {
            throw BrokerFailure(
                .refused,
                "the broker takes messages of \(limit) bytes at most, and bodies may have \(largest): lower the limit of "
                    + "bodies, or raise max_message_size there")
        }
        messageLimit.store(limit, ordering: .relaxed)
    }

    /// Waiting subscriptions end, what is unconfirmed fails; what was received and not settled is delivered again.
    package func close() async {
        // Each may be in a call that the broker doesn't answer.
        overseer.later(Self.closeLimit) { [self] in cut() }
        async let consumed: Void = consumers.close()
        async let published: Void = publishers.close()
        async let parked: Void = parkLine.close()
        await setup.close()
        await parked
        await consumed
        await published
        await overseer.close()
    }

    /// Ends as a killed process does, for tests: nothing more is said to the broker.
    package func vanish() async {
        cut()
        await close()
    }

    private func cut() {
        consumers.cut()
        publishers.cut()
        setup.cut()
        parkLine.cut()
    }

    /// Takes everything away that a fleet with these queues has on the broker, and all that is in it: for a bench or a test.
    package func remove(queues: [String]) async throws {
        let names = names
        let everything = [Topology.fleet(names, journal: .bindings)] + queues.map { Topology.worker($0, names) }
        try await setup.ask { link in
            for topology in everything { try Declaring(link).remove(topology) }
        }
    }

    // MARK: Broker

    package func declare(_ queue: String, bindings: [TopicPattern]) async throws {
        guard QueueNames.isWorkerQueue(queue) else { throw BrokerFailure(.refused, "\(queue) can't be the name of a queue") }
        let names = names
        try await setup.ask { [clock] link in
            try Declaring(link).declare(Topology.worker(queue, names))
            try BindingRecord(link, names).bind(queue, to: bindings, now: { clock.now })
        }
        known.withLock { $0.formUnion([queue, QueueNames.dead(queue)] + names.parkPlaces.all(of: queue)) }
    }

    package func publish(_ events: [Event]) async throws {
        try await withCheckedThrowingContinuation { continuation in publish(events) { continuation.resume(with: $0) } }
    }

    package func publish(_ events: [Event], then end: @escaping @Sendable (Result<Void, any Error>) -> Void) {
        guard !events.isEmpty else { return end(.success(())) }
        do {
            for event in events { try check(event) }
        } catch {
            return end(.failure(error))
        }
        let now = clock.now
        let messages = events.map { event in
            var message = Message(.event(event), exchange: names.events, routingKey: event.type)
            message.accepted = now
            return message
        }
        publishers.publish(messages, journaled: options.journal == nil ? [] : events, end)
    }

    package func forward(_ delivery: Delivery, to queue: String, passage: Passage, after delay: Duration) async throws {
        try await check(names.parkPlaces.target(queue, of: passage.connection))
        guard let copy = Copies.make(of: delivery, to: queue, passage, after: delay, names, now: clock.now) else {
            throw BrokerFailure(.refused, "the delivery is no longer held")
        }
        try await publish([copy])
    }

    package func subscribe(to queue: String, prefetch: Int) async throws -> any Subscription {
        let subscription = RabbitSubscription(queue: queue, prefetch: prefetch, consumers: consumers)
        try await consumers.add(subscription, queueName: names.queue(queue))
        return subscription
    }

    package func ailment() async -> String? { publishers.ailment ?? consumers.ailment }

    package func standing() async -> BrokerStanding {
        if publishers.isBlocked { return .blocked }
        return publishers.ailment == nil ? .up : .away
    }

    func heldByQueue() async -> [String: Int] { await consumers.heldByQueue() }

    // MARK: Steps

    func publish(_ messages: [Message]) async throws {
        try await withCheckedThrowingContinuation { continuation in
            publishers.publish(messages) { continuation.resume(with: $0) }
        }
    }

    /// Before anything of it is sent: what the broker refuses takes along what others have on their way.
    private func check(_ event: Event) throws {
        let limit = messageLimit.load(ordering: .relaxed)
        var size = event.data.count
        if options.journal != nil, JournalBatches.mostBytes(of: event) > limit { size = max(size, Event.json(batch: [event]).count) }
        guard size <= limit else {
            throw BrokerFailure(.refused, "it has \(size) bytes, and the broker takes \(limit) at most")
        }
    }

    /// What is sent to a queue that is not there would go to `unrouted`: kept, but not where it was meant to be.
    func check(_ queue: String) async throws {
        guard !known.withLock({ $0.contains(queue) }) else { return }
        let name = names.queue(queue)
        let found = try await setup.ask { link in try Declaring(link).look(at: name) != nil }
        guard found else { throw BrokerFailure(.refused, "there is no queue \(queue)") }
        known.withLock { _ = $0.insert(queue) }
    }
}

/// The threads of a broker, made together or not at all.
private struct Loops {
    let publish: Loop
    let large: Loop
    let consume: Loop
    let setup: Loop
    let park: Loop
    let watch: Loop

    init() throws {
        var made: [Loop] = []
        do {
            for name in ["amqp-publish", "amqp-large", "amqp-consume", "amqp-setup", "amqp-park", "amqp-watch"] {
                made.append(try Loop(name))
            }
        } catch {
            for loop in made { loop.stop() }
            throw error
        }
        (publish, large, consume, setup, park, watch) = (made[0], made[1], made[2], made[3], made[4], made[5])
    }
}

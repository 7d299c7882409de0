// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel

extension RabbitBroker: BrokerInspection {
    /// What AMQP tells: what is ready, and who consumes; the rest comes from the management API, and is unknown without it. What is
    /// delayed is known of the fleet as a whole: it stands in a line of its own.
    package func queues() async throws -> [QueueReport] {
        let figures = await options.figures()
        let here = await heldByQueue()
        let names = names
        return try await setup.ask { link in
            let declaring = Declaring(link)
            func ready(_ queue: String) throws -> Int { try declaring.look(at: queue)?.ready ?? 0 }
            func report(_ name: String) -> QueueReport {
                var report = QueueReport(name: name)
                report.unknown = [.oldest, .delayed]
                if let figures {
                    let known = figures[names.queue(name)] ?? QueueFigures(held: 0, entered: 0, gone: 0)
                    (report.held, report.entered, report.gone) = (known.held, known.entered, known.gone)
                } else {
                    report.unknown.formUnion([.held, .rates])
                    report.held = here[name] ?? 0
                }
                return report
            }
            var reports: [QueueReport] = []
            for queue in try BindingRecord(link, names).look().keys.sorted() {
                guard let state = try declaring.look(at: names.queue(queue)) else { continue }
                var report = report(queue)
                report.ready = state.ready
                report.consumers = state.consumers
                report.dead = try ready(names.queue(QueueNames.dead(queue)))
                report.parked = try names.parkPlaces.all(of: queue).reduce(0) { try $0 + ready(names.queue($1)) }
                reports.append(report)
            }
            var delayed = report(QueueNames.delayed)
            delayed.unknown.remove(.delayed)
            delayed.delayed = try Topology.ladder.reduce(0) { try $0 + ready(names.rung($1)) }
            var unrouted = report(QueueNames.unrouted)
            unrouted.ready = try ready(names.queue(QueueNames.unrouted))
            return reports + [delayed, unrouted]
        }
    }

    package func letters(in queue: String, matching filter: LetterFilter, limit: Int) async throws -> [Letter] {
        let names = names
        guard let worker = ParkPlaces.worker(of: queue) else {
            return try await setup.ask { link in try LetterBox(link, queue, names).letters(matching: filter, limit: limit).letters }
        }
        return try await setup.ask { link in
            var page = LetterPage(limit: limit)
            for place in names.parkPlaces.all(of: worker) {
                let part = try LetterBox(link, queue, names, place: place).letters(matching: filter, limit: limit)
                page.add(part.letters, isCut: part.isCut)
            }
            return page.letters
        }
    }

    package func replay(_ letters: [Letter], to queue: String?) async throws -> Int {
        if let queue { try await check(queue) }
        let names = names
        return try await change(letters) { link, box, letters in
            let bindings = queue == nil ? try BindingRecord(link, names).look().mapValues { $0.keys.compactMap { TopicPattern($0) } } : [:]
            return try box.take(letters) { message in
                let targets: [String]
                if let queue {
                    targets = [queue]
                } else if case .event(let event) = message.content {
                    targets = bindings.filter { $0.value.contains { $0.matches(event.type) } }.keys.sorted()
                } else {
                    targets = []
                }
                // Nobody is bound to it yet: it stays where it is.
                return targets.isEmpty ? nil : targets.map { Self.copy(of: message, to: $0, names) }
            }
        }
    }

    package func discard(_ letters: [Letter]) async throws -> Int {
        try await change(letters) { _, box, letters in try box.take(letters) { _ in [] } }
    }

    package func sources() async throws -> [String]? { nil }

    package func bindings() async throws -> [QueueBinding] {
        let names = names
        let found = try await setup.ask { link in try BindingRecord(link, names).look() }
        return found.keys.sorted().flatMap { queue in
            (found[queue] ?? [:]).sorted { $0.key < $1.key }.compactMap { pattern, since in
                TopicPattern(pattern).map { QueueBinding(queue: queue, pattern: $0, since: since) }
            }
        }
    }

    /// The management API tells what was five seconds ago, and what goes from a rung into its queue is in neither for a moment.
    package var lag: Duration { .seconds(11) }

    private func change(
        _ letters: [Letter], _ body: @escaping @Sendable (Link, LetterBox, [Letter]) throws -> Int
    ) async throws -> Int {
        let names = names
        var count = 0
        for (queue, part) in Dictionary(grouping: letters, by: \.queue) {
            guard let worker = ParkPlaces.worker(of: queue) else {
                count += try await setup.ask(repeatable: false) { link in try body(link, LetterBox(link, queue, names), part) }
                continue
            }
            // One that is not where it would be laid down today is where an older version did.
            for (places, part) in Dictionary(grouping: part, by: { names.parkPlaces.places(in: worker, of: $0.passage.connection) }) {
                var left = part.count
                for place in places.reversed() where left > 0 {
                    let gone = try await setup.ask(repeatable: false) { link in
                        try body(link, LetterBox(link, queue, names, place: place), part)
                    }
                    (left, count) = (left - gone, count + gone)
                }
            }
        }
        return count
    }

    /// It starts from a header set of its own: the attempt from 1, no memory of the failure but where it was. What was never routed never
    /// ran: it keeps its generation, so that one that came again and was done is not done twice.
    private static func copy(of message: KeptMessage, to queue: String, _ names: Names) -> Message {
        let ran = message.letter.queue != QueueNames.unrouted
        var copy = Message(message.content, exchange: names.queues, routingKey: names.queue(queue))
        copy.passage = Passage(generation: message.letter.passage.generation + (ran ? 1 : 0))
        copy.passage.replayedFrom = message.letter.queue
        copy.accepted = message.letter.accepted
        return copy
    }
}

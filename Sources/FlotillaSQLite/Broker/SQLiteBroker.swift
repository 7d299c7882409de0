// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
package import FlotillaModel

/// The Broker port on a file.
package struct SQLiteBroker: Broker {
    let file: SQLiteFile

    package init(_ file: SQLiteFile) {
        self.file = file
    }

    package func declare(_ queue: String, bindings: [TopicPattern]) async throws {
        guard QueueNames.isWorkerQueue(queue) else { throw BrokerFailure(.refused, "\(queue) can't be the name of a queue") }
        try await file.write { turn in
            let known = turn.routes.queues[queue]
            let current = try Set(turn.statements.bindings.rows { ($0.integer(0), $0.text(1) ?? "") }.filter { $0.0 == known }.map(\.1))
            guard known == nil || current != Set(bindings.map(\.text)) else { return }
            try Topology.replace(queue, bindings: bindings, in: turn)
        }
    }

    package func publish(_ events: [Event]) async throws {
        try await withCheckedThrowingContinuation { continuation in publish(events) { continuation.resume(with: $0) } }
    }

    package func publish(_ events: [Event], then end: @escaping @Sendable (Result<Void, any Error>) -> Void) {
        guard !events.isEmpty else { return end(.success(())) }
        file.submit(PublishOperation(events) { failure in end(failure.map { .failure(Self.failure($0)) } ?? .success(())) })
    }

    package func forward(_ delivery: Delivery, to queue: String, passage: Passage, after delay: Duration) async throws {
        do {
            try await file.write { turn in
                guard let event = try turn.event(of: delivery) else {
                    throw BrokerFailure(.refused, "the delivery is no longer held")
                }
                if Letters.isKept(queue) {
                    try Letters.keep(event: event, in: queue, passage, in: turn)
                } else {
                    guard let id = turn.routes.queues[queue] else { throw BrokerFailure(.refused, "there is no queue \(queue)") }
                    let due = delay > .zero ? (turn.now + delay).milliseconds : nil
                    try Deliveries.addCopy(of: event, to: id, passage, due: due, in: turn)
                }
            }
        } catch {
            throw Self.failure(error)
        }
    }

    package func subscribe(to queue: String, prefetch: Int) async throws -> any Subscription {
        let id = try await file.write { turn -> Int64? in
            guard let id = turn.routes.queues[queue] else { return nil }
            try Sessions.consumes(id, in: turn)
            return id
        }
        guard let id else { throw BrokerFailure(.refused, "there is no queue \(queue)") }
        let subscription = SQLiteSubscription(queue: queue, queueID: id, prefetch: prefetch, file: file)
        await file.add(subscription)
        return subscription
    }

    package func ailment() async -> String? {
        await file.ailment()
    }

    /// A publisher need not know SQLite: what went wrong is told in words that may be shown.
    private static func failure(_ error: any Error) -> any Error {
        switch error {
        case let failure as SQLiteFailure: BrokerFailure(.away, failure.description)
        default: error
        }
    }
}

/// Queues and bindings.
enum Topology {
    static func replace(_ queue: String, bindings: [TopicPattern], in turn: Turn) throws {
        func run(_ sql: String, _ pattern: String? = nil) throws {
            try turn.database.once(sql) { statement in
                statement.bind(1, queue)
                if let pattern { statement.bind(2, pattern) }
                try statement.run()
            }
        }
        try run("INSERT INTO queue (name) VALUES (?1) ON CONFLICT DO NOTHING")
        for pattern in bindings {
            try run(
                """
                INSERT OR REPLACE INTO binding_since SELECT id, ?2, \(turn.now.milliseconds) FROM queue q WHERE name = ?1
                    AND NOT EXISTS (SELECT 1 FROM binding b WHERE b.queue = q.id AND b.pattern = ?2)
                """, pattern.text)
        }
        try run("DELETE FROM binding WHERE queue = (SELECT id FROM queue WHERE name = ?1)")
        for pattern in bindings {
            try run("INSERT OR IGNORE INTO binding SELECT id, ?2 FROM queue WHERE name = ?1", pattern.text)
        }
        try run(
            """
            DELETE FROM binding_since WHERE queue = (SELECT id FROM queue WHERE name = ?1)
                AND pattern NOT IN (SELECT pattern FROM binding b WHERE b.queue = binding_since.queue)
            """)
        try turn.routesChanged()
    }
}

extension Turn {
    /// The number of the event behind a delivery that is held, whether or not its row can be read.
    func event(of delivery: Delivery) throws -> Int64? {
        guard let hold = delivery.source as? SQLiteHold else { return nil }
        let find = statements.eventOf
        find.bind(1, hold.queueID)
        find.bind(2, delivery.tag)
        return try find.row { $0.integer(0) }
    }
}

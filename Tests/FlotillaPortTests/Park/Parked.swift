// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import TestSupport
import Testing

extension Holder {
    /// Lays events down in the park of a queue, each for a connection or for none, in this order; many at once where there are many.
    func park(_ events: [(id: String, connection: String?)], attempt: Int = 1, in queue: String = "q", type: String = "t") async throws {
        try await broker.declare(queue, bindings: [pattern(type)])
        let connections = Dictionary(uniqueKeysWithValues: events.map { ($0.id, $0.connection) })
        let subscription = try await broker.subscribe(to: queue, prefetch: 1000)
        for start in stride(from: 0, to: events.count, by: 1000) {
            let part = events[start..<min(start + 1000, events.count)]
            try await broker.publish(part.map { try event($0.id, type: type) })
            let deliveries = try await subscription.take(part.count)
            let byID = Dictionary(uniqueKeysWithValues: deliveries.map { ($0.id, $0) })
            if events.count > 100 {
                try await withThrowingTaskGroup { group in
                    for delivery in deliveries {
                        group.addTask { try await lay(delivery, connections[delivery.id] ?? nil, attempt, queue) }
                    }
                    try await group.waitForAll()
                }
            } else {
                for item in part { try await lay(try #require(byID[item.id]), item.connection, attempt, queue) }
            }
            for delivery in deliveries { delivery.acknowledge() }
        }
        await subscription.cancel()
    }

    private func lay(_ delivery: Delivery, _ connection: String?, _ attempt: Int, _ queue: String) async throws {
        var passage = delivery.passage
        passage.attempt = attempt
        passage.blame(Failure(.permanent, "no consent of \(connection?.prefix(20) ?? "-")"), in: queue, now: Timestamp(milliseconds: 5000))
        passage.set(connection: connection)
        try await broker.forward(delivery, to: "\(queue).parked", passage: passage, after: .zero)
    }

    /// Moves everything of a connection.
    func resumeAll(_ connection: String?, limit: Int = 1000) async throws -> Int {
        var count = 0
        while true {
            let part = try await parking.park.resume(connection, in: "q", limit: limit, passing: []) { $0.map { _ in .resume } }
            count += part.resumed
            if part.isAll || part.resumed == 0 { return count }
        }
    }

    func parkedIDs() async throws -> [String] { try await letters("q.parked").compactMap(\.id) }
}

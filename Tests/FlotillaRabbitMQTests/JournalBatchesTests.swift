// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import Synchronization
import Testing

@testable import FlotillaRabbitMQ

struct JournalBatchesTests {
    private func publication(_ name: String, sizes: [Int], ended: @escaping @Sendable () -> Void = {}) throws -> Publication {
        let events = try sizes.enumerated().map { number, size in
            try Event(id: "\(name).\(number)", source: "/s", type: "t", data: [UInt8](repeating: 7, count: size))
        }
        return Publication(count: events.count, deadline: .max, journaled: events) { _ in ended() }
    }

    private func ids(_ message: JournalMessage) throws -> [String] {
        try Event.batch(json: message.body, limit: message.body.count).map(\.id)
    }

    private let now = Timestamp(microseconds: 1_795_230_000_000_000)

    @Test func `no message is above its limit where no event is, and every event stands in one, in order`() throws {
        let publications = [
            try publication("a", sizes: [100, 200_000, 300_000]), try publication("b", sizes: Array(repeating: 90_000, count: 40)),
            try publication("c", sizes: [5]),
        ]
        let batches = JournalBatches.make(publications, now: now)
        #expect(batches.count > 3)
        #expect(batches.allSatisfy { $0.0.body.count <= JournalBatches.limit })
        let found = try batches.flatMap { try ids($0.0) }
        #expect(found == publications.flatMap { $0.journaled.map(\.id) })
        #expect(batches.map(\.0.count).reduce(0, +) == 44)
    }

    @Test func `a publication is whole when every message that it stands in is confirmed, and not before`() throws {
        let parts = try publication("a", sizes: Array(repeating: 400_000, count: 3))
        let neighbour = try publication("b", sizes: [10])
        for publication in [parts, neighbour] { for _ in publication.journaled where publication.confirm() {} }
        let batches = JournalBatches.make([parts, neighbour], now: now)
        #expect(batches.count == 3)
        var whole: [Int] = []
        for (number, batch) in batches.enumerated() {
            for publication in batch.1 where publication.confirm() { whole.append(publication === parts ? number : -number) }
        }
        #expect(whole == [2, -2])
    }

    @Test func `one that is larger than the limit stands by itself`() throws {
        let batches = JournalBatches.make([try publication("a", sizes: [10, 2_000_000, 10])], now: now)
        #expect(batches.map(\.0.count) == [1, 1, 1])
    }

    @Test func `a publication that is over keeps no event`() throws {
        let publication = try publication("a", sizes: [1000])
        publication.end(.success(()))
        #expect(publication.journaled.isEmpty)
        #expect(JournalBatches.make([publication], now: now).isEmpty)
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRabbitMQ
import Synchronization
import TestSupport
import Testing

/// A park on RabbitMQ is many queues, and looks like one.
@Suite(.enabled(if: RabbitNode.isInstalled, "rabbitmq-server is not installed"), .timeLimit(.minutes(5)))
struct ParkPlacesTests {
    private static func use(_ body: (RabbitHarness, Holder, RabbitBroker) async throws -> Void) async throws {
        try await RabbitHarness.use(as: RabbitBroker.Options()) { harness in
            let harness = try #require(harness as? RabbitHarness)
            try await body(harness, try await harness.open(), try await harness.broker())
        }
    }

    /// Of 32 places, as every version finds it (FNV-1a).
    private static func place(of connection: String) -> Int {
        let hash = connection.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return Int((hash ^ hash >> 32) % 32)
    }

    private static func ids(_ letters: [Letter]) -> [String] { letters.compactMap { try? $0.content.get().id } }

    @Test func `a park is listed page by page, counted, replayed and discarded as if it were one queue`() async throws {
        try await Self.use { _, holder, broker in
            try await holder.park((0..<20).map { ("\($0)", $0 % 5 == 0 ? nil : "c\($0)") })
            let all = (0..<20).map { "\($0)" }
            #expect(try await Self.ids(broker.letters(in: "q.parked", matching: LetterFilter(), limit: 100)) == all)
            var filter = LetterFilter()
            var pages: [[String]] = []
            while let last = try await broker.letters(in: "q.parked", matching: filter, limit: 6).last {
                pages.append(try await Self.ids(broker.letters(in: "q.parked", matching: filter, limit: 6)))
                filter.after = last.place
            }
            #expect(pages == [Array(all[0..<6]), Array(all[6..<12]), Array(all[12..<18]), Array(all[18..<20])])
            let report = try #require(try await broker.queues().first { $0.name == "q" })
            #expect(report.parked == 20 && report.ready == 0 && report.dead == 0)

            let letters = try await broker.letters(in: "q.parked", matching: LetterFilter(), limit: 10)
            #expect(try await broker.replay(Array(letters[0..<4]), to: "q") == 4)
            #expect(try await broker.discard(Array(letters[4..<10])) == 6)
            #expect(try await Self.ids(broker.letters(in: "q.parked", matching: LetterFilter(), limit: 100)) == Array(all[10...]))
            #expect(try await holder.depth("q") == 4)
        }
    }

    @Test func `what an older version laid down is found by its connection, and has its connections named`() async throws {
        try await Self.use { harness, holder, _ in
            try await holder.park([("new", "c")])
            let attributes = ["specversion": "1.0", "source": "/s", "type": "t"]
            for (id, connection) in [("old", "c"), ("other", "d")] {
                var headers = Dictionary(uniqueKeysWithValues: attributes.map { ("cloudEvents:" + $0.key, $0.value) })
                headers["cloudEvents:id"] = id
                headers["flotilla-connection"] = connection
                try RawRabbit.publish([1], to: harness.prefix + "q.parked", headers: headers, harness.address)
            }
            try await until { try await holder.parking.park.unnoted(in: "q") == ["c", "d"] }
            #expect(try await holder.parking.park.parked(in: "q", of: "c")?.count == 2)
            #expect(try await holder.resumeAll("c") == 2)
            #expect(try await holder.parkedIDs() == ["other"])
        }
    }

    /// More than the first two channels of a look hold, and beside them those of another connection in the same queue.
    @Test func `letters behind thousands of others are found, go in parts, and leave the others in their order`() async throws {
        try await Self.use { _, holder, broker in
            let neighbour = "a1"
            #expect(Self.place(of: neighbour) == Self.place(of: "a") && Self.place(of: "b") != Self.place(of: "a"))
            try await holder.park((0..<6000).map { ("\($0)", $0 % 1000 == 999 ? "b" : $0 % 3 == 2 ? neighbour : "a") })
            let park = holder.parking.park
            // As they stand in the queue: they were laid down many at once, so that their times may have another order.
            func standing(_ connection: String) async throws -> [String] {
                let seen = Mutex<[String]>([])
                let part = try await park.resume(connection, in: "q", limit: 10_000, passing: []) { letters in
                    seen.withLock { $0 = Self.ids(letters) }
                    return letters.map { _ in .stay }
                }
                #expect(part.isAll)
                return seen.withLock { $0 }
            }
            #expect(try await holder.resumeAll("b", limit: 2) == 6)
            // Nobody has looked at the rest yet.
            let first = Mutex<[String]>([])
            let part = try await park.resume("a", in: "q", limit: 500, passing: []) { letters in
                first.withLock { $0 = Self.ids(letters) }
                return letters.map { _ in .resume }
            }
            #expect(part.resumed == 500 && !part.isAll)
            var order = try await standing("a")
            let others = try await standing(neighbour)
            #expect(order.count == 3496 && others.count == 1998)
            #expect(Set(order).isDisjoint(with: first.withLock { $0 }))
            #expect(try await standing("a") == order)
            #expect(try await broker.letters(in: "q.parked", matching: LetterFilter(), limit: 10_000).count == 5494)
            for limit in [500, 1300, 1] {
                let part = try await park.resume("a", in: "q", limit: limit, passing: []) { $0.map { _ in .resume } }
                #expect(part.resumed == limit && !part.isAll)
                order.removeFirst(limit)
                #expect(try await standing("a") == order, "after \(limit)")
                #expect(try await standing(neighbour) == others, "after \(limit)")
            }
            // Some go and some stay, all over the channels.
            let last = try await park.resume("a", in: "q", limit: 10_000, passing: []) { letters in
                letters.indices.map { $0 % 3 == 0 ? .resume : $0 % 3 == 1 ? .stay : .drop }
            }
            #expect(last.resumed == 565 && last.dropped == 565 && last.isAll)
            #expect(try await standing("a") == order.indices.filter { $0 % 3 == 1 }.map { order[$0] })
            #expect(try await standing(neighbour) == others)
            #expect(try await holder.resumeAll("a", limit: 500) == 565)
            #expect(try await holder.resumeAll(neighbour, limit: 500) == 1998)
            #expect(try await holder.depth("q") == 6000 - 565)
            #expect(try await holder.parkedIDs().isEmpty)
        }
    }

    /// A hundred share it here, a thousand and more in a fleet. All times are of one run, so that a busy machine stretches all of them.
    @Test func `one connection of many is looked up and resumed in a fraction of the time that it takes to read all that is parked`()
        async throws
    {
        try await Self.use { _, holder, _ in
            let park = holder.parking.park
            try await holder.park((0..<10_000).map { ("\($0)", "c\($0 % 100)") })
            let clock = ContinuousClock()
            // The best of five: what else runs may hold one of them up.
            var lookups: [Duration] = []
            var resumptions: [Duration] = []
            for number in [7, 31, 52, 70, 93] {
                let begin = clock.now
                #expect(try await park.parked(in: "q", of: "c\(number)")?.count == 100)
                let middle = clock.now
                #expect(try await holder.resumeAll("c\(number)") == 100)
                lookups.append(middle - begin)
                resumptions.append(clock.now - middle)
            }
            let begin = clock.now
            let groups = try await park.parked(in: "q")
            let all = clock.now - begin
            #expect(groups.count == 95 && groups.allSatisfy { $0.count == 100 })
            #expect(try #require(lookups.min()) * 4 < all, "\(lookups) beside \(all)")
            #expect(try #require(resumptions.min()) * 3 < all, "\(resumptions) beside \(all)")
        }
    }

    /// They were acknowledged one by one, and a queue takes 32 of these at a time: the others were forgotten when the channel was closed.
    @Test func `of many letters that are discarded or replayed at once none comes back`() async throws {
        try await Self.use { _, holder, broker in
            try await holder.broker.declare("q", bindings: [pattern("t")])
            let subscription = try await holder.broker.subscribe(to: "q", prefetch: 300)
            try await holder.broker.publish((0..<300).map { try event("\($0)") })
            for delivery in try await subscription.take(300) {
                try await holder.broker.forward(delivery, to: "q.dead", passage: delivery.passage, after: .zero)
                delivery.acknowledge()
            }
            await subscription.cancel()
            let letters = try await broker.letters(in: "q.dead", matching: LetterFilter(), limit: 300)
            #expect(letters.count == 300)
            #expect(try await broker.discard(letters.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)) == 150)
            #expect(try await broker.letters(in: "q.dead", matching: LetterFilter(), limit: 300).count == 150)
            #expect(try await broker.discard(letters.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)) == 150)
            #expect(try await broker.letters(in: "q.dead", matching: LetterFilter(), limit: 300).isEmpty)
        }
    }
}

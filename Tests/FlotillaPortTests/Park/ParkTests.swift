// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import TestSupport
import Testing

struct ParkTests {
    private static func use(_ adapter: Adapter, _ body: (Holder) async throws -> Void) async throws {
        try await adapter.harness { try await body(try await $0.open()) }
    }

    @Test(arguments: Adapter.allCases)
    func `the letters of one connection go on in their order, and those of others stay`(_ adapter: Adapter) async throws {
        try await Self.use(adapter) { holder in
            try await holder.park((0..<9).map { ("\($0)", ["a", "b", nil][$0 % 3]) }, attempt: 4)
            let part = try await holder.parking.park.resume("a", in: "q", limit: 10, passing: []) { letters in
                #expect(letters.compactMap { try? $0.content.get().id } == ["0", "3", "6"])
                return letters.map { _ in .resume }
            }
            #expect(part.resumed == 3 && part.isAll && part.stayed.isEmpty && part.dropped == 0)
            let subscription = try await holder.broker.subscribe(to: "q", prefetch: 10)
            let deliveries = try await subscription.take(3)
            #expect(deliveries.map(\.id) == ["0", "3", "6"])
            for delivery in deliveries {
                #expect(delivery.passage.attempt == 4 && delivery.passage.generation == 1)
                #expect(delivery.passage.replayedFrom == "q.parked" && delivery.passage.connection == nil)
                // The few moments in the park are no part of its age.
                let shift = try #require(delivery.passage.firstFailedAt) - Timestamp(milliseconds: 5000)
                #expect(shift >= .zero && shift < .seconds(60))
                delivery.acknowledge()
            }
            #expect(try await Set(holder.parkedIDs()) == ["1", "2", "4", "5", "7", "8"])
            #expect(try await holder.resumeAll("a") == 0)
            #expect(try await holder.resumeAll("unheard") == 0)
            await subscription.cancel()
        }
    }

    @Test(arguments: Adapter.allCases)
    func `a park is listed by connection: how many, the oldest, and its reason`(_ adapter: Adapter) async throws {
        try await Self.use(adapter) { holder in
            let begin = SystemClock().now - .seconds(1)
            try await holder.broker.declare("q", bindings: [pattern("t")])
            #expect(try await holder.parking.park.parked(in: "q").isEmpty)
            try await holder.park([("1", "b"), ("2", nil), ("3", "a"), ("4", "b")])
            let groups = try await holder.parking.park.parked(in: "q")
            #expect(groups.map(\.connection) == [nil, "a", "b"] && groups.map(\.count) == [1, 1, 2])
            #expect(groups.map(\.reason) == ["no consent of -", "no consent of a", "no consent of b"])
            #expect(groups.allSatisfy { $0.oldest > begin && $0.oldest < SystemClock().now + .seconds(1) })
            for group in groups { #expect(try await holder.parking.park.parked(in: "q", of: group.connection) == group) }
            #expect(try await holder.parking.park.parked(in: "q", of: "c") == nil)
        }
    }

    @Test(arguments: Adapter.allCases)
    func `letters of no connection go on only when they are asked for`(_ adapter: Adapter) async throws {
        try await Self.use(adapter) { holder in
            try await holder.park([("1", nil), ("2", ""), ("3", "a")])
            #expect(try await holder.parking.park.parked(in: "q", of: "")?.count == 2)
            #expect(try await holder.resumeAll(nil) == 2)
            #expect(try await holder.parkedIDs() == ["3"])
        }
    }

    @Test(arguments: Adapter.allCases)
    func `each letter goes on, stays or leaves as it was judged; those that were passed over are not judged`(_ adapter: Adapter)
        async throws
    {
        try await Self.use(adapter) { holder in
            try await holder.park((0..<6).map { ("\($0)", "a") })
            let park = holder.parking.park
            let first = try await park.resume("a", in: "q", limit: 3, passing: []) { letters in
                #expect(letters.count == 3)
                return [.stay, .drop, .resume]
            }
            #expect(first.resumed == 1 && first.dropped == 1 && first.stayed.count == 1 && !first.isAll)
            #expect(try await Set(holder.parkedIDs()) == ["0", "3", "4", "5"])
            let second = try await park.resume("a", in: "q", limit: 10, passing: first.stayed) { letters in
                #expect(letters.compactMap { try? $0.content.get().id }.sorted() == ["3", "4", "5"])
                return letters.map { _ in .resume }
            }
            #expect(second.resumed == 3 && second.isAll)
            #expect(try await holder.parkedIDs() == ["0"])
        }
    }

    @Test(arguments: Adapter.allCases)
    func `nothing has moved when nobody could be asked`(_ adapter: Adapter) async throws {
        struct Away: Error {}
        try await Self.use(adapter) { holder in
            try await holder.park([("1", "a"), ("2", "a")])
            await #expect(throws: Away.self) {
                try await holder.parking.park.resume("a", in: "q", limit: 10, passing: []) { _ in throw Away() }
            }
            #expect(try await holder.parkedIDs() == ["1", "2"])
            #expect(try await holder.resumeAll("a") == 2)
        }
    }

    @Test(arguments: Adapter.allCases)
    func `what waits for the same connection beside another queue stays there`(_ adapter: Adapter) async throws {
        try await Self.use(adapter) { holder in
            try await holder.park([("1", "a"), ("2", "b")])
            try await holder.park([("3", "a"), ("4", nil)], in: "mail", type: "mail.t")
            let park = holder.parking.park
            #expect(try await park.parked(in: "q").map(\.connection) == ["a", "b"])
            #expect(try await park.parked(in: "mail").map(\.connection) == [nil, "a"])
            #expect(try await holder.resumeAll(nil) == 0)
            // They are not even looked at: a part is taken up by what can go.
            for (queue, id) in [("q", "1"), ("mail", "3")] {
                _ = try await park.resume("a", in: queue, limit: 10, passing: []) { letters in
                    #expect(letters.compactMap { try? $0.content.get().id } == [id])
                    return letters.map { _ in .stay }
                }
            }
            #expect(try await holder.resumeAll("a") == 1)
            #expect(try await park.parked(in: "q", of: "a") == nil)
            #expect(try await park.parked(in: "mail", of: "a")?.count == 1)
            let part = try await park.resume("a", in: "mail", limit: 10, passing: []) { $0.map { _ in .resume } }
            #expect(part.resumed == 1 && part.isAll)
            let subscription = try await holder.broker.subscribe(to: "mail", prefetch: 10)
            let delivery = try await subscription.one()
            #expect(delivery.id == "3")
            delivery.acknowledge()
            await subscription.cancel()
            #expect(try await holder.depth("q") == 1)
        }
    }

    @Test(arguments: Adapter.allCases)
    func `names of any length and any characters are kept apart`(_ adapter: Adapter) async throws {
        try await Self.use(adapter) { holder in
            try await holder.park(ConnectionNames.odd.enumerated().map { ("\($0.offset)", $0.element) })
            #expect(try await holder.parking.park.parked(in: "q").count == ConnectionNames.odd.count)
            for name in ConnectionNames.odd { #expect(try await holder.resumeAll(name) == 1, Comment(rawValue: String(name.prefix(30)))) }
            #expect(try await holder.parkedIDs().isEmpty)
        }
    }

    @Test(arguments: Adapter.allCases)
    func `two processes that resume the same connection at once move each letter once`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let holders = [try await harness.open(), try await harness.open()]
            try await holders[0].park((0..<300).map { ("\($0)", $0 % 2 == 0 ? "a" : "b") })
            let moved = try await withThrowingTaskGroup(of: Int.self) { group in
                for holder in holders {
                    group.addTask {
                        let count = Tally()
                        try await until {
                            count.add(try await holder.resumeAll("a", limit: 20))
                            return try await holder.parking.park.parked(in: "q", of: "a") == nil
                        }
                        return count.count
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(moved == 150)
            #expect(try await holders[0].depth("q") == 150)
            #expect(try await holders[0].parking.park.parked(in: "q", of: "b")?.count == 150)
        }
    }

    /// Of one that was sure to have seen everything nothing may be left behind.
    @Test(arguments: Adapter.allCases, ["a", nil])
    func `while another one has letters in hand, nobody is told that there are no more`(_ adapter: Adapter, _ name: String?) async throws {
        try await adapter.harness { harness in
            let (first, second) = (try await harness.open(), try await harness.open())
            try await first.park((0..<10).map { ("\($0)", name) })
            _ = try await first.parking.park.resume(name, in: "q", limit: 3, passing: []) { letters in
                let part = try await second.parking.park.resume(name, in: "q", limit: 100, passing: []) { $0.map { _ in .stay } }
                #expect(part.stayed.count == 10 || !part.isAll)
                return letters.map { _ in .stay }
            }
            #expect(try await second.resumeAll(name) == 10)
        }
    }

    @Test(arguments: Adapter.allCases)
    func `the backlog of a queue is what nobody has taken`(_ adapter: Adapter) async throws {
        try await Self.use(adapter) { holder in
            try await holder.broker.declare("q", bindings: [pattern("t")])
            #expect(try await holder.parking.park.backlog(of: "q") == 0)
            try await holder.broker.publish((0..<5).map { try event("\($0)") })
            #expect(try await holder.parking.park.backlog(of: "q") == 5)
            let subscription = try await holder.broker.subscribe(to: "q", prefetch: 2)
            _ = try await subscription.take(2)
            #expect(try await holder.parking.park.backlog(of: "q") == 3)
            await subscription.cancel()
        }
    }
}

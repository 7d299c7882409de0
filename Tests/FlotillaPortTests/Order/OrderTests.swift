// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import Synchronization
import TestSupport
import Testing

/// Order by key with several workers on one broker and store, as replicas are.
@Suite(.timeLimit(.minutes(5)))
struct OrderTests {
    private static func ids(_ keys: Int, _ each: Int) -> [(key: String, ids: [String])] {
        (0..<keys).map { key in ("k\(key)", (0..<each).map { "\(key)-\($0)" }) }
    }

    /// In the order of their numbers, keys mixed.
    private static func publish(_ all: [(key: String, ids: [String])], to broker: any Broker) async throws {
        for place in 0..<(all.map(\.ids.count).max() ?? 0) {
            try await broker.publish(all.map { try event($0.ids[place], partitionKey: $0.key) })
        }
    }

    private static func awaitDone(_ all: [(key: String, ids: [String])], _ holder: Holder) async throws {
        do {
            try await until(within: .seconds(60)) {
                for id in all.flatMap(\.ids) where try await holder.state(key(id)) != .done { return false }
                return try await holder.depth("q") == 0
            }
        } catch {
            var open: [String] = []
            for id in all.flatMap(\.ids) {
                let state = try await holder.state(key(id))
                if state != .done { open.append("\(id) \(state?.name ?? "unknown")") }
            }
            Issue.record("\(open.joined(separator: ", ")); \(try await holder.depth("q")) on their way")
            throw error
        }
    }

    @Test(arguments: Adapter.lives, [EventOrder.exclusive, .strict])
    func `with two workers there are never two of a key at once, keys run beside each other, and all is done`(
        _ adapter: Adapter, _ order: EventOrder
    ) async throws {
        try await adapter.harness { harness in
            let holders = [try await harness.open(), try await harness.open()]
            try await holders[0].broker.declare("q", bindings: [pattern("t")])
            let all = Self.ids(6, 12)
            try await Self.publish(all, to: holders[0].broker)
            let (record, tickets) = (OrderRecord(), Tickets())
            let workers = try holders.map { try OrderedWorker($0, OrderedHandler(order: order, record: record), tickets: tickets) }
            try await Self.awaitDone(all, holders[0])
            for worker in workers { await worker.drain() }
            #expect(record.overlaps.isEmpty)
            #expect(record.most > 1)
            for (key, ids) in all {
                let runs = record.runs[key] ?? []
                #expect(runs.sorted() == ids.sorted(), "\(key)")
                // Two consumers may come with them in another order than that of their publication.
                if order == .strict {
                    #expect(try runs.map { try FlotillaPortTests.key($0) } == tickets.drawn(in: LaneKey(consumer: "q", partitionKey: key)))
                }
            }
        }
    }

    @Test(arguments: Adapter.lives)
    func `a key whose handler hangs holds up no other key, nor events without one`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let holder = try await harness.open()
            try await holder.broker.declare("q", bindings: [pattern("t")])
            for order in [EventOrder.exclusive, .strict] {
                let stuck = (0..<40).map { "stuck-\(order)-\($0)" }
                let others = Self.ids(4, 10).map { (key: "\($0.key) \(order)", ids: $0.ids.map { "\($0)-\(order)" }) }
                let free = (0..<10).map { "free-\(order)-\($0)" }
                for id in stuck { try await holder.broker.publish([event(id, partitionKey: "stuck \(order)")]) }
                let record = OrderRecord()
                let (begun, opened) = (Tally(), Tally())
                let worker = try OrderedWorker(
                    holder,
                    OrderedHandler(order: order, record: record) { event, context in
                        guard event.id == stuck[0] else { return context.attempt == 1 ? .done : .dead("an attempt was spent") }
                        begun.add()
                        await opened.reach(1)
                        return .done
                    }, concurrency: 4, prefetch: 16)
                // Without an order others of its key may come before it, but no longer once it runs.
                try await within { await begun.reach(1) }
                let before = record.runs["stuck \(order)"]
                if order == .strict { #expect(before == [stuck[0]]) }
                try await Self.publish(others, to: holder.broker)
                try await holder.broker.publish(free.map { try event($0) })
                try await until(within: .seconds(60)) {
                    for id in others.flatMap(\.ids) + free where try await holder.state(key(id)) != .done { return false }
                    return true
                }
                #expect(record.runs["stuck \(order)"] == before && before?.last == stuck[0])
                for (key, ids) in others where order == .strict { #expect(record.runs[key] == ids) }
                opened.add()
                try await Self.awaitDone([("stuck", stuck)], holder)
                await worker.drain()
                #expect(record.overlaps.isEmpty)
                let runs = record.runs["stuck \(order)"] ?? []
                #expect((order == .strict ? runs : runs.sorted()) == (order == .strict ? stuck : stuck.sorted()))
            }
        }
    }

    @Test(arguments: Adapter.lives)
    func `strict order holds through retries: those behind wait, other keys do not`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let holder = try await harness.open()
            try await holder.broker.declare("q", bindings: [pattern("t")])
            let all = Self.ids(3, 8)
            try await Self.publish(all, to: holder.broker)
            let record = OrderRecord()
            let worker = try OrderedWorker(
                holder,
                OrderedHandler(order: .strict, record: record) { event, context in
                    // Of one key each third event needs three attempts.
                    guard event.id.hasPrefix("0-"), context.attempt < 3, event.id.utf8.last.map({ $0 % 3 == 0 }) ?? false else {
                        return .done
                    }
                    return .retry("not yet", after: .milliseconds(20))
                })
            try await Self.awaitDone(all, holder)
            await worker.drain()
            #expect(record.overlaps.isEmpty)
            for (key, ids) in all {
                let expected = ids.flatMap { id in
                    [String](repeating: id, count: id.hasPrefix("0-") && id.utf8.last.map { $0 % 3 == 0 } ?? false ? 3 : 1)
                }
                #expect(record.runs[key] == expected)
            }
        }
    }

    /// A process ends between two stages of some event; another one goes on with what broker and store have.
    @Test(arguments: Adapter.lives, PipelineStage.allCases)
    func `strict order holds through crashes and redeliveries`(_ adapter: Adapter, _ stage: PipelineStage) async throws {
        try await adapter.harness { harness in
            var holder = try await harness.open()
            try await holder.broker.declare("q", bindings: [pattern("t")])
            let all = Self.ids(2, 6)
            try await Self.publish(all, to: holder.broker)
            let record = OrderRecord()
            let killed = Mutex<Set<String>>([])
            for process in 0... {
                try #require(process < 10)
                // Once for each of these events.
                let life = Life { reached, delivery in
                    reached == stage && ["0-1", "1-3"].contains(delivery.id) && killed.withLock { $0.insert(delivery.id).inserted }
                }
                let worker = try OrderedWorker(
                    holder,
                    OrderedHandler(order: .strict, record: record, life: life) { event, context in
                        event.id == "0-1" && context.attempt == 1 ? .retry("once", after: .milliseconds(1)) : .done
                    }, life: life)
                try await until(within: .seconds(120)) { [holder] in
                    if life.isOver { return true }
                    for id in all.flatMap(\.ids) where try await holder.state(key(id)) != .done { return false }
                    return try await holder.depth("q") == 0
                }
                guard life.isOver else {
                    await worker.drain()
                    break
                }
                await worker.end()
                await holder.vanish()
                holder = try await harness.open()
            }
            // All but what is done have copies.
            #expect(killed.withLock { $0 } == (stage == .forwarded ? ["0-1"] : ["0-1", "1-3"]))
            for (key, ids) in all {
                var order: [String] = []
                for id in record.runs[key] ?? [] where order.last != id { order.append(id) }
                #expect(order == ids, "\(stage)")
            }
        }
    }

    @Test(arguments: Adapter.lives)
    func `what is past the limit of a lane that gets on no more is parked with its reason, and nothing else`(_ adapter: Adapter)
        async throws
    {
        try await adapter.harness { harness in
            let holder = try await harness.open()
            try await holder.broker.declare("q", bindings: [pattern("t")])
            let ids = (0..<12).map { "\($0)" }
            for id in ids { try await holder.broker.publish([event(id, partitionKey: "k")]) }
            let opened = Tally()
            let record = OrderRecord()
            let worker = try OrderedWorker(
                holder,
                OrderedHandler(order: .strict, record: record) { event, _ in
                    if event.id == "0" { await opened.reach(1) }
                    return .done
                }, laneLimit: 10, lanePatience: .seconds(1))
            try await until(within: .seconds(60)) { try await holder.letters("q.parked").count == 2 }
            let parked = try await holder.letters("q.parked")
            #expect(parked.compactMap(\.id).sorted() == ["10", "11"])
            #expect(
                parked.allSatisfy { $0.passage.reason?.hasPrefix("lane-full: 10 events") == true && $0.passage.connection == "lane-full" })
            #expect(parked.allSatisfy { $0.passage.attempt == 1 })
            // Its letter was there before.
            try await until { try await holder.state(key("10")) == .parked }
            opened.add()
            try await Self.awaitDone([("k", Array(ids[..<10]))], holder)
            #expect(record.runs["k"] == Array(ids[..<10]))

            // By the name of their park they come back, each once; their places they have lost.
            _ = try await holder.parking.consents.authorise("lane-full")
            try await within {
                var resumption = Resumption("lane-full", in: "q", holder.parking)
                while try await !holder.letters("q.parked").isEmpty { _ = try await resumption.step(atMost: 10) }
            }
            try await Self.awaitDone([("k", ids)], holder)
            await worker.drain()
            let runs = record.runs["k"] ?? []
            #expect(Array(runs.prefix(10)) == Array(ids[..<10]) && runs.dropFirst(10).sorted() == ["10", "11"])
            #expect(record.overlaps.isEmpty)
        }
    }

    /// With a small limit many more than that wait for one lane: they are let in while it gets on.
    @Test(arguments: Adapter.lives, [4, 16])
    func `a lane that is full and gets on parks nothing`(_ adapter: Adapter, _ prefetch: Int) async throws {
        try await adapter.harness { harness in
            let holder = try await harness.open()
            try await holder.broker.declare("q", bindings: [pattern("t")])
            let ids = (0..<60).map { "\($0)" }
            for id in ids { try await holder.broker.publish([event(id, partitionKey: "k")]) }
            let record = OrderRecord()
            let worker = try OrderedWorker(
                holder, OrderedHandler(order: .strict, record: record), concurrency: 4, prefetch: prefetch, laneLimit: 4)
            try await Self.awaitDone([("k", ids)], holder)
            await worker.drain()
            #expect(record.runs["k"] == ids && record.overlaps.isEmpty)
            #expect(try await holder.letters("q.parked").isEmpty)
        }
    }
}

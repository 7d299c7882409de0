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
            try await until(.seconds(60)) {
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

    /// Of strict order: once another event has begun, the one before it never runs again.
    private static func isWhole(_ runs: [String]) -> Bool {
        var seen: Set<String> = []
        for (place, id) in runs.enumerated() where place == 0 || runs[place - 1] != id {
            guard seen.insert(id).inserted else { return false }
        }
        return true
    }

    @Test(arguments: Adapter.allCases, [EventOrder.exclusive, .strict])
    func `with two workers there are never two of a key at once, keys run beside each other, and all is done`(
        _ adapter: Adapter, _ order: EventOrder
    ) async throws {
        try await adapter.harness { harness in
            let holders = [try await harness.open(), try await harness.open()]
            try await holders[0].broker.declare("q", bindings: [pattern("t")])
            let all = Self.ids(6, 12)
            try await Self.publish(all, to: holders[0].broker)
            let record = OrderRecord()
            let workers = try holders.map { try OrderedWorker($0, OrderedHandler(order: order, record: record)) }
            try await Self.awaitDone(all, holders[0])
            for worker in workers { await worker.drain() }
            #expect(record.overlaps.isEmpty)
            #expect(record.most > 1)
            for (key, ids) in all {
                let runs = record.runs[key] ?? []
                #expect(runs.sorted() == ids.sorted(), "\(key)")
                // Each runs once: of its order only what two consumers got in another order may differ.
                if order == .strict { #expect(Self.isWhole(runs)) }
            }
        }
    }

    @Test(arguments: Adapter.allCases)
    func `a key whose handler hangs holds up no other key, nor events without one`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let holder = try await harness.open()
            try await holder.broker.declare("q", bindings: [pattern("t")])
            for order in [EventOrder.exclusive, .strict] {
                let stuck = (0..<40).map { "stuck-\(order)-\($0)" }
                for id in stuck { try await holder.broker.publish([event(id, partitionKey: "stuck \(order)")]) }
                let others = Self.ids(4, 10).map { (key: "\($0.key) \(order)", ids: $0.ids.map { "\($0)-\(order)" }) }
                try await Self.publish(others, to: holder.broker)
                try await holder.broker.publish((0..<10).map { try event("free-\(order)-\($0)") })
                let record = OrderRecord()
                let opened = Tally()
                let worker = try OrderedWorker(
                    holder,
                    OrderedHandler(order: order, record: record) { event, _ in
                        if event.id == stuck[0] { await opened.reach(1) }
                        return .done
                    }, concurrency: 4, prefetch: 16)
                try await until(.seconds(60)) {
                    for id in others.flatMap(\.ids) + (0..<10).map({ "free-\(order)-\($0)" }) where try await holder.state(key(id)) != .done
                    {
                        return false
                    }
                    return true
                }
                // Without an order others of its key may come before it.
                if order == .strict { #expect(record.runs["stuck \(order)"] == [stuck[0]]) }
                opened.add()
                try await Self.awaitDone([("stuck", stuck)], holder)
                await worker.drain()
                #expect(record.overlaps.isEmpty)
                if order == .strict { #expect(record.runs["stuck \(order)"] == stuck) }
            }
        }
    }

    @Test(arguments: Adapter.allCases)
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
    @Test(arguments: Adapter.allCases, PipelineStage.allCases)
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
                try await until(.seconds(120)) { [holder] in
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
            for (key, ids) in all {
                var order: [String] = []
                for id in record.runs[key] ?? [] where order.last != id { order.append(id) }
                #expect(order == ids, "\(stage)")
            }
        }
    }

    @Test(arguments: Adapter.allCases)
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
                }, laneLimit: 10)
            try await until(.seconds(60)) { try await holder.letters("q.parked").count == 2 }
            let parked = try await holder.letters("q.parked")
            #expect(parked.compactMap(\.id).sorted() == ["10", "11"])
            #expect(
                parked.allSatisfy { $0.passage.reason?.hasPrefix("lane-full: 10 events") == true && $0.passage.connection == "lane-full" })
            #expect(parked.allSatisfy { $0.passage.attempt == 1 })
            #expect(try await holder.state(key("10")) == .parked)
            opened.add()
            try await Self.awaitDone([("k", Array(ids[..<10]))], holder)
            await worker.drain()
            #expect(record.runs["k"] == Array(ids[..<10]))
        }
    }
}

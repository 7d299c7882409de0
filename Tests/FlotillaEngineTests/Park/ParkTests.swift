// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaMemory
import FlotillaModel
import FlotillaRuntime
import TestSupport
import Testing

/// Moments on the way of an event into the park at which its connection may be authorised.
enum Gap: String, Sendable, CaseIterable {
    case inTheRun, beforeTheCopy, afterTheCopy, afterTheNote, afterTheMark, afterTheAcknowledgement

    /// From there on only the sweep can know.
    var isLate: Bool { [.afterTheNote, .afterTheMark, .afterTheAcknowledgement].contains(self) }
}

private typealias Visit = @Sendable (Gap) async throws -> Void

private struct GapBroker: Broker {
    let broker: MemoryBroker
    let visit: Visit

    func declare(_ queue: String, bindings: [TopicPattern]) async throws { try await broker.declare(queue, bindings: bindings) }
    func publish(_ events: [Event]) async throws { try await broker.publish(events) }
    func subscribe(to queue: String, prefetch: Int) async throws -> any Subscription {
        try await broker.subscribe(to: queue, prefetch: prefetch)
    }
    func ailment() async -> String? { nil }

    func forward(_ delivery: Delivery, to queue: String, passage: Passage, after delay: Duration) async throws {
        try await visit(.beforeTheCopy)
        try await broker.forward(delivery, to: queue, passage: passage, after: delay)
        try await visit(.afterTheCopy)
    }
}

private struct GapLedger: Ledger {
    let ledger: MemoryLedger
    let visit: Visit

    func claim(_ key: LedgerKey, round: Int, generation: Int, alone: Bool) async throws -> ClaimAnswer {
        try await ledger.claim(key, round: round, generation: generation, alone: alone)
    }
    func markDone(_ key: LedgerKey, generation: Int) async throws { try await ledger.markDone(key, generation: generation) }
    func lost(among held: [HeldClaim]) async throws -> [HeldClaim] { try await ledger.lost(among: held) }
    func ailment() async -> String? { nil }

    func mark(_ key: LedgerKey, fence: Int64, as mark: LedgerMark) async throws -> Bool {
        // The note is written before the mark.
        try await visit(.afterTheNote)
        let marked = try await ledger.mark(key, fence: fence, as: mark)
        try await visit(.afterTheMark)
        return marked
    }
}

/// Tells of how many keys it was asked at once.
private struct AskedLedger: LedgerInspection {
    let ledger: MemoryLedger
    let asked: Words

    func entry(for key: LedgerKey) async throws -> LedgerEntry? { try await entries(for: [key])[0] }
    func entries(for keys: [LedgerKey]) async throws -> [LedgerEntry?] {
        asked.add("\(keys.count)")
        return try await ledger.entries(for: keys)
    }
    func discard(_ key: LedgerKey, generation: Int) async throws { try await ledger.discard(key, generation: generation) }
    func record(_ deed: Deed) async throws { try await ledger.record(deed) }
    func deeds(limit: Int) async throws -> [Deed] { try await ledger.deeds(limit: limit) }
}

private struct Settled: WorkerWatcher {
    let tally: Tally

    func reached(_ stage: PipelineStage, _ delivery: Delivery) {
        if stage == .settled { tally.add() }
    }
}

struct ParkTests {
    /// What a handler for one tenant does: it works when the connection is authorised, and finds out when it is not.
    private static func handler(_ bench: Bench, _ runs: Tally, _ visit: @escaping Visit = { _ in }) -> Doing {
        Doing { _, context in
            let consent = try await bench.consents.standing(of: "c")
            runs.add()
            guard consent.state == .authorised else {
                try await visit(.inTheRun)
                throw Failure(.unauthorized(connection: "c"), "no consent")
            }
            return .done
        }
    }

    @Test(arguments: Gap.allCases)
    func `an authorisation that comes on the way into the park is not missed`(_ gap: Gap) async throws {
        try await Bench.use { bench in
            let visits = Tally()
            let settled = Tally()
            let runs = Tally()
            let visit: Visit = { here in
                guard here == gap, visits.count == 0 else { return }
                visits.add()
                _ = try await bench.consents.authorise("c")
            }
            var settings = Worker.Settings(queue: "q", bindings: [try pattern("t")], concurrency: 1, prefetch: 1)
            settings.sweep = .seconds(3)
            let worker = Worker(
                settings, handler: Self.handler(bench, runs, visit), broker: GapBroker(broker: bench.broker, visit: visit),
                ledger: GapLedger(ledger: bench.ledger, visit: visit), effects: bench.ledger, clock: bench.clock,
                sleeper: bench.sleeper, solitude: Solitude(), parking: bench.parking, watcher: Settled(tally: settled), chance: { 1 })
            try await bench.broker.publish([event("1")])
            try await bench.running(worker) {
                try await within { await settled.reach(1) }
                try await visit(.afterTheAcknowledgement)
                #expect(visits.count == 1)
                if gap.isLate {
                    #expect(try await bench.entry()?.state == .parked)
                    #expect(runs.count == 1)
                    try await bench.sleeper.slept(1, for: .seconds(60))
                    bench.sleeper.advance(by: .seconds(60))
                }
                try await until { try await bench.entry()?.state == .done }
            }
            #expect(try await bench.entry() == LedgerRow(state: .done, round: 1, generation: 1, fence: 2))
            #expect(runs.count == 2)
            #expect(bench.broker.letters(in: "q.parked").isEmpty && bench.broker.depth(of: "q") == 0)
        }
    }

    /// The store's newest epoch was not known to the worker: it takes the authorisation for newer than the run, once.
    @Test func `a consent that is gone again after an authorisation that the worker had not heard of is found lost`() async throws {
        try await Bench.use { bench in
            let runs = Tally()
            let worker = try bench.worker(
                parks: true,
                handler: Doing { _, _ in
                    runs.add()
                    return .park(connection: "c", "the provider says no")
                })
            try await bench.running(worker) {
                try await bench.sleeper.slept(1, for: .seconds(60))
                _ = try await bench.consents.authorise("c")
                try await bench.broker.publish([event("1")])
                try await until { try await bench.consents.standing(of: "c").state == .lost }
                try await until { try await bench.entry()?.state == .parked }
            }
            #expect(runs.count == 2)
            #expect(bench.broker.letters(in: "q.parked").count == 1)
        }
    }

    @Test func `what is parked of others stays where it is, and nothing goes while the connection is lost`() async throws {
        try await Bench.use { bench in
            let worker = try bench.worker(
                parks: true,
                handler: Doing { event, context in
                    if context.generation > 0 { return .done }
                    return event.id == "0" ? .park(connection: "", "of nobody") : .park(connection: "c\(event.id)", "no consent")
                })
            try await bench.broker.publish((0..<3).map { try event("\($0)") })
            try await bench.running(worker) {
                try await bench.record.reach("settled", 3)
                try await bench.sleeper.slept(1, for: .seconds(60))
                bench.sleeper.advance(by: .seconds(60))
                try await bench.sleeper.slept(2, for: .seconds(60))
                #expect(bench.broker.letters(in: "q.parked").count == 3)
                _ = try await bench.consents.authorise("c1")
                bench.sleeper.advance(by: .seconds(60))
                try await until { try await bench.entry("1")?.state == .done }
            }
            #expect(try await bench.entry("0")?.state == .parked)
            #expect(try await bench.entry("2")?.state == .parked)
            #expect(try await bench.consents.note(of: "c1", in: "q") == nil)
        }
    }

    @Test func `an event neither ages nor spends attempts in the park`() async throws {
        try await Bench.use { bench in
            let attempts = Words()
            let worker = try bench.worker(
                parks: true,
                handler: Doing { _, context in
                    attempts.add("\(context.attempt)/\(context.generation)")
                    if context.attempt == 2, context.generation == 0 { throw Failure(.unauthorized(connection: "c"), "no consent") }
                    throw Failure(.transient, "not yet")
                })
            try await bench.broker.publish([event("1")])
            try await bench.running(worker) {
                try await bench.record.reach("settled", 1)
                try await bench.pass(.seconds(10))
                try await bench.record.reach("settled", 2)
                #expect(try await bench.entry()?.state == .parked)
                try await bench.sleeper.slept(1, for: .seconds(60))
                bench.sleeper.advance(by: .seconds(30 * 86_400))
                try await bench.sleeper.slept(2, for: .seconds(60))
                _ = try await bench.consents.authorise("c")
                bench.sleeper.advance(by: .seconds(60))
                try await bench.record.reach("settled", 3)
            }
            // A month is more than the greatest age.
            #expect(attempts.all == ["1/0", "2/0", "2/1"])
            #expect(try await bench.entry() == LedgerRow(state: .retrying, round: 3, generation: 1, fence: 3))
        }
    }

    @Test func `lost again meanwhile, a connection's events stay parked`() async throws {
        try await Bench.use { bench in
            try await bench.park((0..<20).map { "\($0)" }, of: "c")
            let consent = try await bench.consents.authorise("c")
            var resumption = Resumption("c", in: "q", bench.parking)
            #expect(try await resumption.step(atMost: 5) == .went(5))
            _ = try await bench.consents.lose("c", seen: consent.epoch, parkedIn: "q")
            #expect(try await resumption.step(atMost: 5) == .refused)
            #expect(bench.broker.letters(in: "q.parked").count == 15 && bench.broker.depth(of: "q") == 5)
            _ = try await bench.consents.authorise("c")
            #expect(try await resumption.step(atMost: 100) == .ended(15))
            #expect(try await bench.consents.note(of: "c", in: "q") == nil)
        }
    }

    /// A worker was killed between the copy in the park and its mark; the event came again, and another one was done with it.
    @Test func `a letter of an event that has ended elsewhere begins no second life`() async throws {
        try await Bench.use { bench in
            try await bench.park(["done", "runs", "parked"], of: "c", marked: ["parked"])
            guard case .run(let fence) = try await bench.ledger.claim(key("done"), round: 1, generation: 0, alone: false) else { return }
            #expect(try await bench.ledger.mark(key("done"), fence: fence, as: .done))
            guard case .run = try await bench.ledger.claim(key("runs"), round: 1, generation: 0, alone: false) else { return }
            _ = try await bench.consents.authorise("c")
            var resumption = Resumption("c", in: "q", bench.parking)
            #expect(try await resumption.step(atMost: 10) == .ended(1))
            #expect(bench.broker.depth(of: "q") == 1)
            #expect(bench.broker.letters(in: "q.parked").compactMap { try? $0.content.get().id } == ["runs"])
            // It is looked at again.
            #expect(try await bench.consents.note(of: "c", in: "q") != nil)
        }
    }

    @Test func `the ledger is asked about many letters at once, and each gets its own verdict`() async throws {
        try await Bench.use { bench in
            let ids = (0..<2300).map { "\($0)" }
            try await bench.park(ids, of: "c", marked: ids.filter { $0.hasSuffix("7") })
            for id in ids where id.hasSuffix("3") { try await bench.ledger.markDone(key(id), generation: 0) }
            let asked = Words()
            let ledger = AskedLedger(ledger: bench.ledger, asked: asked)
            _ = try await bench.consents.authorise("c")
            var resumption = Resumption("c", in: "q", Parking(park: bench.broker, consents: bench.consents, ledger: ledger))
            for id in ids where id.hasSuffix("5") { _ = try await bench.ledger.claim(key(id), round: 1, generation: 0, alone: false) }
            #expect(try await resumption.step(atMost: 3000) == .ended(1840))
            #expect(asked.all == ["1000", "1000", "300"])
            let left = bench.broker.letters(in: "q.parked").compactMap { try? $0.content.get().id }
            #expect(left == ids.filter { $0.hasSuffix("5") })
            #expect(bench.broker.depth(of: "q") == 1840)
        }
    }

    @Test func `a large park goes on no faster than the worker takes it, and never stops for ever`() async throws {
        try await Bench.use { bench in
            let gate = Gate()
            let worker = try bench.worker(
                parks: true,
                handler: Doing { _, _ in
                    await gate.pass()
                    return .done
                }
            ) { $0.sweep = .seconds(3) }
            try await bench.park((0..<2000).map { "\($0)" }, of: "c")
            _ = try await bench.consents.authorise("c")
            func gone() -> Int { 2000 - bench.broker.letters(in: "q.parked").count }
            try await bench.running(worker) {
                try await bench.sleeper.slept(1, for: .seconds(60))
                bench.sleeper.advance(by: .seconds(60))
                try await bench.sleeper.slept(1, for: .seconds(1))
                #expect(gone() == 500)
                bench.sleeper.advance(by: .seconds(1))
                try await bench.sleeper.slept(2, for: .seconds(1))
                #expect(gone() == 1000)
                // Nothing is taken: there are thirty seconds' patience.
                for second in 3...32 {
                    bench.sleeper.advance(by: .seconds(1))
                    try await bench.sleeper.slept(second, for: .seconds(1))
                    #expect(gone() == 1000)
                }
                bench.sleeper.advance(by: .seconds(1))
                try await bench.sleeper.slept(1, for: .milliseconds(100))
                #expect(gone() == 1050)
                gate.open()
            }
        }
    }

    @Test func `a sweep lets go on all that are due, however many`() async throws {
        try await Bench.use { bench in
            let count = 1100
            for number in 0..<count {
                try await bench.park(["\(number)"], of: "c\(number)")
                _ = try await bench.consents.authorise("c\(number)")
            }
            let worker = try bench.worker(parks: true, concurrency: 8, prefetch: 8, handler: Doing { _, _ in .done })
            // What comes after one event at 500 a second.
            let pause = Duration.seconds(1) * (1.0 / 500)
            try await bench.running(worker) {
                try await bench.sleeper.slept(1, for: .seconds(60))
                bench.sleeper.advance(by: .seconds(60))
                for number in 1...count {
                    try await bench.sleeper.slept(number, for: pause)
                    bench.sleeper.advance(by: pause, waking: pause)
                }
                try await bench.record.reach("settled", count)
            }
            #expect(bench.broker.letters(in: "q.parked").isEmpty)
        }
    }

    @Test func `a store or a broker that is away costs nothing: the next sweep goes on`() async throws {
        try await Bench.use { bench in
            let runs = Tally()
            let worker = try bench.worker(parks: true, handler: Self.handler(bench, runs))
            try await bench.broker.publish([event("1")])
            try await bench.running(worker) {
                try await bench.record.reach("settled")
                _ = try await bench.consents.authorise("c")
                try await bench.sleeper.slept(1, for: .seconds(60))
                bench.consents.fail(because: "away")
                bench.sleeper.advance(by: .seconds(60))
                try await bench.sleeper.slept(2, for: .seconds(60))
                bench.consents.fail(because: nil)
                bench.broker.fail(because: "away")
                bench.sleeper.advance(by: .seconds(60))
                try await bench.sleeper.slept(3, for: .seconds(60))
                #expect(runs.count == 1)
                bench.broker.fail(because: nil)
                bench.sleeper.advance(by: .seconds(60))
                try await until { try await bench.entry()?.state == .done }
            }
        }
    }
}

extension Bench {
    /// Lays events down in the park, as their workers would have done it; those that are not `marked` by a worker that was killed before.
    func park(_ ids: [String], of connection: String, marked: [String]? = nil) async throws {
        let subscription = try await broker.subscribe(to: "q", prefetch: 100)
        try await broker.publish(ids.map { try event($0) })
        for _ in ids {
            guard let delivery = try await subscription.next(), case .success(let event) = delivery.content else { return }
            var passage = delivery.passage
            passage.blame(Failure(.unauthorized(connection: connection), "no consent"), in: "q", now: clock.now)
            try await broker.forward(delivery, to: "q.parked", passage: passage, after: .zero)
            _ = try await consents.lose(connection, seen: 1000, parkedIn: "q")
            if marked?.contains(event.id) ?? true {
                guard case .run(let fence) = try await ledger.claim(key(event.id), round: 1, generation: 0, alone: false) else { return }
                _ = try await ledger.mark(key(event.id), fence: fence, as: .parked)
            }
            delivery.acknowledge()
        }
        await subscription.cancel()
    }
}

/// What was said, in order.
final class Words: Sendable {
    private let record = Record()

    var all: [String] { record.steps }
    func add(_ word: String) { record.add(word) }
}

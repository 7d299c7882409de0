// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import FlotillaSQLite
import Synchronization
import TestSupport
import Testing

struct InspectionTests {
    @Test func `letters are listed oldest first, filtered, and limited`() async throws {
        try await Self.withLetters(5) { broker, _ in
            #expect(try await Self.ids(broker.letters(in: "q.dead", matching: LetterFilter(), limit: 10)) == ["0", "1", "2", "3", "4"])
            #expect(try await Self.ids(broker.letters(in: "q.dead", matching: LetterFilter(), limit: 2)) == ["0", "1"])
            var filter = LetterFilter()
            filter.id = "3"
            #expect(try await Self.ids(broker.letters(in: "q.dead", matching: filter, limit: 10)) == ["3"])
            filter = LetterFilter()
            filter.reason = "BECAUSE 4"
            #expect(try await Self.ids(broker.letters(in: "q.dead", matching: filter, limit: 10)) == ["4"])
            filter.type = try pattern("other.#")
            #expect(try await broker.letters(in: "q.dead", matching: filter, limit: 10).isEmpty)
            #expect(try await broker.letters(in: "q.parked", matching: LetterFilter(), limit: 10).isEmpty)
        }
    }

    @Test func `a replayed letter leaves together with its delivery, in the next generation, once`() async throws {
        try await Self.withLetters(3) { broker, subscription in
            let letters = try await broker.letters(in: "q.dead", matching: LetterFilter(), limit: 10)
            #expect(try await broker.replay(Array(letters.prefix(2)), to: "q") == 2)
            #expect(try await broker.replay(Array(letters.prefix(2)), to: "q") == 0)
            let again = try await subscription.take(2)
            #expect(again.map(\.id) == ["0", "1"])
            for delivery in again {
                #expect(delivery.passage.generation == 1 && delivery.passage.attempt == 1)
                #expect(delivery.passage.replayedFrom == "q.dead" && delivery.passage.reason == nil)
            }
            await #expect(throws: BrokerFailure.self) { _ = try await broker.replay([letters[2]], to: "nowhere") }
            #expect(try await Self.ids(broker.letters(in: "q.dead", matching: LetterFilter(), limit: 10)) == ["2"])
        }
    }

    @Test func `an unrouted letter is replayed by its type, and stays while nobody is bound to it`() async throws {
        try await Self.withLetters(0) { broker, subscription in
            try await broker.publish([event("lost", type: "later")])
            let letters = try await broker.letters(in: "unrouted", matching: LetterFilter(), limit: 10)
            #expect(try await broker.replay(letters, to: nil) == 0)
            try await broker.declare("q", bindings: [pattern("t"), pattern("later")])
            #expect(try await broker.replay(letters, to: nil) == 1)
            #expect(try await subscription.one().id == "lost")
            #expect(try await broker.letters(in: "unrouted", matching: LetterFilter(), limit: 10).isEmpty)
        }
    }

    @Test func `a discarded letter is gone, and only once`() async throws {
        try await Self.withLetters(2) { broker, _ in
            let letters = try await broker.letters(in: "q.dead", matching: LetterFilter(), limit: 1)
            #expect(try await broker.discard(letters) == 1)
            #expect(try await broker.discard(letters) == 0)
            #expect(try await broker.replay(letters, to: "q") == 0)
            #expect(try await Self.ids(broker.letters(in: "q.dead", matching: LetterFilter(), limit: 10)) == ["1"])
        }
    }

    @Test func `deeds are told newest first, and a discarded event is a duplicate when it comes`() async throws {
        try await SQLiteHarness.use(options: SQLiteFile.Options()) { harness in
            let ledger = SQLiteLedger(try await harness.file())
            for number in 0..<3 {
                try await ledger.record(
                    Deed(at: Timestamp(milliseconds: Int64(number)), who: "someone@somewhere", what: "discard \(number)"))
            }
            #expect(try await ledger.deeds(limit: 2).map(\.what) == ["discard 2", "discard 1"])
            let fence = try await ledger.claimed(key("1"))
            try await ledger.discard(key("1"), generation: 0)
            #expect(try await ledger.mark(key("1"), fence: fence, as: .done) == false)
            #expect(try await ledger.claim(key("1"), round: 1, generation: 0, alone: false) == .duplicate(.discarded))
            #expect(try await ledger.entry(for: key("1"))?.row.state == .discarded)
            #expect(try await ledger.entry(for: key("2")) == nil)
        }
    }

    @Test(arguments: 0..<4) func `what the counters say is what is there, after whatever happened`(_ seed: UInt64) async throws {
        try await SQLiteHarness.use(options: SQLiteHarness.quick) { harness in
            let broker = SQLiteBroker(try await harness.file())
            try await broker.declare("q", bindings: [pattern("t")])
            let subscription = try await broker.subscribe(to: "q", prefetch: 20)
            let taken = Taken()
            let taking = Task {
                while let delivery = try await subscription.next() { taken.add(delivery) }
            }
            var random = Seeded(seed)
            for round in 0..<150 {
                if round % 2 == 0 { try await broker.publish([event("\(round)"), event("\(round + 1)")]) }
                guard let delivery = taken.any(&random) else { continue }
                switch Int.random(in: 0..<3, using: &random) {
                case 0:
                    delivery.acknowledge()
                case 1:
                    delivery.giveBack()
                default:
                    let queue = ["q", "q.dead", "q.parked"].randomElement(using: &random) ?? "q"
                    let delay = Duration.milliseconds(Int64.random(in: 0...20, using: &random))
                    // One that was settled before is no longer held, and refused.
                    try? await broker.forward(delivery, to: queue, passage: Passage(attempt: 2), after: delay)
                }
            }
            await subscription.cancel()
            try await taking.value
            // What is delayed still would enter the queue between two counts.
            try await until { try await broker.queues().first { $0.name == "q" }?.delayed == 0 }
            try await broker.settleDown()
            try await Self.agree(broker, harness.path)
        }
    }

    private static func agree(_ broker: SQLiteBroker, _ path: String) async throws {
        let report = try #require(try await broker.queues().first { $0.name == "q" })
        let queue = "(SELECT id FROM queue WHERE name = 'q')"
        func count(_ table: String, _ condition: String) throws -> Int {
            Int(try Tampering.integer(path, "SELECT count(*) FROM \(table) WHERE \(condition)"))
        }
        #expect(try report.ready + report.held == count("delivery", "queue = \(queue)"))
        #expect(report.entered - report.gone == report.ready + report.held)
        #expect(try report.dead == count("letter", "queue = 'q.dead'"))
        #expect(try report.parked == count("letter", "queue = 'q.parked'"))
    }

    private static func ids(_ letters: [Letter]) -> [String] { letters.compactMap { try? $0.content.get().id } }

    /// A queue `q` whose events from 0 on are dead, one a millisecond.
    private static func withLetters(_ count: Int, _ body: (SQLiteBroker, any Subscription) async throws -> Void) async throws {
        try await SQLiteHarness.use(options: SQLiteFile.Options()) { harness in
            let clock = ManualClock()
            let broker = SQLiteBroker(try await harness.file(clock: clock))
            try await broker.declare("q", bindings: [pattern("t")])
            let subscription = try await broker.subscribe(to: "q", prefetch: 10)
            for number in 0..<count {
                clock.advance(by: .milliseconds(1))
                try await broker.publish([event("\(number)")])
                let delivery = try await subscription.one()
                var passage = Passage(attempt: 3)
                passage.set(reason: "because \(number)")
                try await broker.forward(delivery, to: "q.dead", passage: passage, after: .zero)
                delivery.acknowledge()
            }
            try await body(broker, subscription)
        }
    }
}

/// Deliveries that a test has received.
private final class Taken: Sendable {
    private let deliveries = Mutex<[Delivery]>([])

    func add(_ delivery: Delivery) { deliveries.withLock { $0.append(delivery) } }

    func any(_ random: inout Seeded) -> Delivery? { deliveries.withLock { $0 }.randomElement(using: &random) }
}

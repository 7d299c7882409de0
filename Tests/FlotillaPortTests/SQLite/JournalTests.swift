// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import FlotillaSQLite
import Foundation
import TestSupport
import Testing

struct JournalTests {
    private static func options(_ journal: JournalLimits, ledgerAge: Duration = .seconds(14 * 86_400)) -> SQLiteFile.Options {
        var options = SQLiteFile.Options()
        options.journal = journal
        options.ledgerAge = ledgerAge
        options.firstSlice = 0
        // A heartbeat each 100 ms.
        options.lease = .milliseconds(300)
        return options
    }

    @Test func `events leave the journal by age, but not before whatever still refers to them`() async throws {
        let clock = ManualClock()
        try await SQLiteHarness.use(options: Self.options(JournalLimits(age: .seconds(3600)))) { harness in
            let path = harness.path
            let broker = SQLiteBroker(try await harness.file(clock: clock))
            try await broker.declare("q", bindings: [pattern("t")])
            let subscription = try await broker.subscribe(to: "q", prefetch: 3)
            try await broker.publish([event("done"), event("dead"), event("waiting")])
            let deliveries = try await subscription.take(3)
            deliveries[0].acknowledge()
            try await broker.forward(deliveries[1], to: "q.dead", passage: Passage(), after: .zero)
            deliveries[1].acknowledge()
            try await broker.settleDown()
            #expect(try Tampering.integer(path, "SELECT count(*) FROM event WHERE id = 'done'") == 1)
            clock.advance(by: .seconds(3601))
            try await until { try Tampering.integer(path, "SELECT count(*) FROM event WHERE id = 'done'") == 0 }
            let letters = try await broker.letters(in: "q.dead", matching: LetterFilter(), limit: 10)
            #expect(letters.map { try? $0.content.get().id } == ["dead"])
            #expect(try Tampering.integer(path, "SELECT count(*) FROM event WHERE id = 'waiting'") == 1)
            deliveries[2].giveBack()
            let again = try await subscription.one()
            #expect(again.id == "waiting")
            again.acknowledge()
            #expect(try await broker.discard(letters) == 1)
            try await until { try Tampering.integer(path, "SELECT count(*) FROM event") == 0 }
            #expect(try Tampering.integer(path, "SELECT journal_bytes FROM state") == 0)
        }
    }

    @Test func `the ledger's rows leave by age alone`() async throws {
        let clock = ManualClock()
        try await SQLiteHarness.use(options: Self.options(JournalLimits(bytes: 1), ledgerAge: .seconds(3600))) { harness in
            let path = harness.path
            _ = try await harness.file(clock: clock)
            // The keys are walked in 4096 slices, one each 20 seconds of the clock, from any one on: each slice has a few of these.
            let count: Int64 = 20_000
            try Tampering.addLedgerRows(path, count, state: .done, at: clock.now)
            clock.advance(by: .seconds(3000))
            try Tampering.addLedgerRows(path, count, state: .dead, at: clock.now)
            clock.advance(by: .seconds(650))
            for _ in 0..<14 {
                clock.advance(by: .seconds(20))
                // A heartbeat has seen the new time when it has renewed the session by it.
                let now = clock.now.milliseconds
                try await until { try Tampering.integer(path, "SELECT max(until) FROM session") > now }
            }
            #expect(try Tampering.ledgerRows(path, .done) < count)
            #expect(try Tampering.ledgerRows(path, .dead) == count)
        }
    }

    /// Pruning took at most 2,000 events each two seconds: a fleet that took in more than 1,000 a second outran its own limit.
    @Test func `under a steady load the file stops growing once the journal is full`() async throws {
        var options = Self.options(JournalLimits(bytes: 2_000_000))
        options.checkpointPages = 200
        try await SQLiteHarness.use(options: options) { harness in
            let broker = SQLiteBroker(try await harness.file())
            try await broker.declare("q", bindings: [pattern("t")])
            let subscription = try await broker.subscribe(to: "q", prefetch: 1000)
            let body = [UInt8](repeating: 7, count: 1000)
            for batch in 0..<60 {
                try await broker.publish((0..<500).map { try event("\(batch * 500 + $0)", data: body) })
                for delivery in try await subscription.take(500) { delivery.acknowledge() }
            }
            let size = try FileManager.default.attributesOfItem(atPath: harness.path)[.size] as? Int ?? .max
            // 30 MB went through; 2 MB may stay, and what came in while it was pruned.
            #expect(size < 15_000_000, "\(size) bytes")
        }
    }
}

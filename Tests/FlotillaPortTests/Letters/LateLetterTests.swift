// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaOperate
import FlotillaRuntime
import FlotillaSQLite
import Testing

/// A worker that was paused past its lease laid a letter down; its successor was done with the event. Replayed in the next generation, the
/// letter would have been done a second time.
struct LateLetterTests {
    @Test(arguments: [nil, "q"])
    func `a dead letter whose event is done is put away when it is replayed, and nothing of it runs`(_ target: String?) async throws {
        try await SQLiteHarness.use(options: SQLiteFile.Options()) { harness in
            let file = try await harness.file()
            let broker = SQLiteBroker(file)
            let ledger = SQLiteLedger(file)
            let dead = DeadLetters(broker: broker, ledger: ledger)
            for queue in ["q", "other"] { try await broker.declare(queue, bindings: [pattern("t")]) }
            try await broker.publish((0..<3).map { try event("\($0)") })
            let subscription = try await broker.subscribe(to: "q", prefetch: 3)
            for (delivery, state) in zip(try await subscription.take(3), [LedgerMark.done, .dead, .done]) {
                var passage = delivery.passage
                passage.blame(Failure(.permanent, "never"), in: "q", now: Timestamp(milliseconds: 0))
                let fence = try await ledger.claimed(key(delivery.id))
                try await broker.forward(delivery, to: "q.dead", passage: passage, after: .zero)
                #expect(try await ledger.mark(key(delivery.id), fence: fence, as: state))
                delivery.acknowledge()
            }
            try await broker.settleDown()

            let letters = try await dead.list("q.dead", matching: LetterFilter(), limit: 10)
            #expect(letters.count == 3)
            // In another queue nothing of it was done.
            #expect(try await dead.replay([letters[2]], to: "other", now: SystemClock().now, evenUnguarded: false).went == 1)
            #expect(try await dead.replay(Array(letters[..<2]), to: target, now: SystemClock().now, evenUnguarded: false).went == 1)
            #expect(try await subscription.one().id == "1")
            #expect(try await dead.list("q.dead", matching: LetterFilter(), limit: 10).isEmpty)
            #expect(try await broker.queues().first { $0.name == "q" }.map { $0.ready + $0.delayed } == 0)
        }
    }

    /// Whatever its effects did, they would do again.
    @Test(arguments: [nil, "q"])
    func `a letter of which the ledger remembers nothing any more stays, until a person says that it may run unguarded`(
        _ target: String?
    ) async throws {
        try await SQLiteHarness.use(options: SQLiteFile.Options()) { harness in
            let file = try await harness.file()
            let (broker, ledger) = (SQLiteBroker(file), SQLiteLedger(file))
            let dead = DeadLetters(broker: broker, ledger: ledger)
            try await broker.declare("q", bindings: [pattern("t")])
            try await broker.publish([event("forgotten"), event("known")])
            let subscription = try await broker.subscribe(to: "q", prefetch: 2)
            for delivery in try await subscription.take(2) {
                var passage = delivery.passage
                passage.blame(Failure(.permanent, "never"), in: "q", now: SystemClock().now)
                try await broker.forward(delivery, to: "q.dead", passage: passage, after: .zero)
                if delivery.id == "known" {
                    #expect(try await ledger.mark(key("known"), fence: ledger.claimed(key("known")), as: .dead))
                }
                delivery.acknowledge()
            }
            try await broker.settleDown()
            let letters = try await dead.list("q.dead", matching: LetterFilter(), limit: 10)
            func replay(after hours: Int, evenUnguarded: Bool = false, _ letters: [Letter]) async throws -> [Int] {
                let now = SystemClock().now + .seconds(3600) * Double(hours)
                let replay = try await dead.replay(letters, to: target, now: now, evenUnguarded: evenUnguarded)
                return [replay.went, replay.unguarded]
            }
            #expect(try await replay(after: 25, letters) == [1, 1])
            #expect(try await subscription.one().id == "known")
            let left = try await dead.list("q.dead", matching: LetterFilter(), limit: 10)
            #expect(left.compactMap { try? $0.content.get().id } == ["forgotten"])
            #expect(try await replay(after: 25, evenUnguarded: true, left) == [1, 0])
            let delivery = try await subscription.one()
            // One that was laid down just now may have no row yet.
            try await broker.forward(delivery, to: "q.dead", passage: letters[0].passage, after: .zero)
            delivery.acknowledge()
            try await broker.settleDown()
            #expect(try await replay(after: 23, dead.list("q.dead", matching: LetterFilter(), limit: 10)) == [1, 0])
        }
    }
}

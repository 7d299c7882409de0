// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaSQLite
import Testing

/// Two people with the same list before them: what the first did must not be undone by the second.
struct StaleLetterTests {
    enum Deed: CaseIterable {
        case replay, discard
    }

    /// One lists a letter. Another replays it, and it fails again into a new letter, of the same event and of the next generation. The
    /// first then replays or discards the letter that was listed: it was known by its event alone, so the new one was taken instead.
    /// Replayed, it ran in a generation that the ledger knew as dead, was acknowledged as a duplicate, and was lost.
    @Test(arguments: Deed.allCases)
    func `a letter that was replayed and came back is another letter: nothing becomes of the one that was listed`(_ deed: Deed)
        async throws
    {
        try await SQLiteHarness.use(options: SQLiteFile.Options()) { harness in
            let file = try await harness.file()
            let broker = SQLiteBroker(file)
            let ledger = SQLiteLedger(file)
            try await broker.declare("q", bindings: [pattern("t")])
            let subscription = try await broker.subscribe(to: "q", prefetch: 1)
            try await broker.publish([event("1")])
            try await Self.fail(subscription, broker, ledger)

            let listed = try await broker.letters(in: "q.dead", matching: LetterFilter(), limit: 10)
            #expect(try await broker.replay(listed, to: "q") == 1)
            try await Self.fail(subscription, broker, ledger)
            let now = try await broker.letters(in: "q.dead", matching: LetterFilter(), limit: 10)
            #expect(now.map(\.passage.generation) == [1])

            switch deed {
            case .replay: #expect(try await broker.replay(listed, to: "q") == 0)
            case .discard: #expect(try await broker.discard(listed) == 0)
            }
            #expect(try await broker.letters(in: "q.dead", matching: LetterFilter(), limit: 10) == now)
            #expect(try await broker.queues().first { $0.name == "q" }.map { $0.ready + $0.held + $0.delayed } == 0)
            // The new letter can still be replayed, and runs.
            #expect(try await broker.replay(now, to: "q") == 1)
            let again = try await subscription.one()
            #expect(again.passage.generation == 2)
            _ = try await ledger.claimed(key("1"), generation: 2)
        }
    }

    /// The next delivery becomes a dead letter, step by step as a worker does it.
    private static func fail(_ subscription: any Subscription, _ broker: SQLiteBroker, _ ledger: SQLiteLedger) async throws {
        let delivery = try await subscription.one()
        let fence = try await ledger.claimed(key("1"), generation: delivery.passage.generation)
        try await broker.forward(delivery, to: "q.dead", passage: delivery.passage, after: .zero)
        #expect(try await ledger.mark(key("1"), fence: fence, as: .dead))
        delivery.acknowledge()
        try await broker.settleDown()
    }
}

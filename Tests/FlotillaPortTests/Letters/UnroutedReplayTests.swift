// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaSQLite
import Testing

struct UnroutedReplayTests {
    /// An event came while nobody was bound to its type, and was kept as unrouted. Its worker was deployed, the provider sent the event
    /// again, and it was handled. Then the unrouted one was replayed: it never ran, so it has no life to begin anew, but it was given
    /// the next generation like a dead letter, and the ledger let it run a second time.
    @Test func `an unrouted letter is replayed in its own generation: what was handled meanwhile is a duplicate`() async throws {
        try await SQLiteHarness.use(options: SQLiteFile.Options()) { harness in
            let file = try await harness.file()
            let broker = SQLiteBroker(file)
            let ledger = SQLiteLedger(file)
            try await broker.publish([event("1"), event("2")])
            try await broker.declare("q", bindings: [pattern("t")])
            let subscription = try await broker.subscribe(to: "q", prefetch: 10)
            try await broker.publish([event("1")])
            let resent = try await subscription.one()
            let fence = try await ledger.claimed(key("1"))
            #expect(try await ledger.mark(key("1"), fence: fence, as: .done))
            resent.acknowledge()

            let letters = try await broker.letters(in: "unrouted", matching: LetterFilter(), limit: 10)
            #expect(try await broker.replay(letters, to: nil) == 2)
            let replayed = try await subscription.take(2)
            #expect(replayed.map(\.id) == ["1", "2"])
            for delivery in replayed { #expect(delivery.passage.generation == 0) }
            let answer = try await ledger.claim(key("1"), round: 1, generation: replayed[0].passage.generation, alone: false)
            #expect(answer == .duplicate(.done))
            // What nobody has handled runs.
            _ = try await ledger.claimed(key("2"), generation: replayed[1].passage.generation)
        }
    }
}

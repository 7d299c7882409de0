// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaSQLite
import Testing

struct LostEventTests {
    /// The row of a held event was gone from the file, by damage or by another program's hand. Its dead letter was made from that row,
    /// so none was made, and the worker was told that it was: it acknowledged the delivery, and no trace was left.
    @Test(arguments: ["q.dead", "q.parked"])
    func `a letter is kept though its event's row is gone: what is left to point at is its place`(_ queue: String) async throws {
        try await SQLiteHarness.use(options: SQLiteFile.Options()) { harness in
            let broker = SQLiteBroker(try await harness.file())
            try await broker.declare("q", bindings: [pattern("t")])
            let subscription = try await broker.subscribe(to: "q", prefetch: 1)
            try await broker.publish([event("1")])
            let delivery = try await subscription.one()
            try Tampering.run(harness.path, "DELETE FROM event")
            try await broker.forward(delivery, to: queue, passage: delivery.passage, after: .zero)
            let letters = try await broker.letters(in: queue, matching: LetterFilter(), limit: 10)
            #expect(letters.count == 1)
            #expect(throws: InvalidEvent.self) { try letters.first?.content.get() }
            #expect(try await broker.discard(letters) == 1)
        }
    }
}

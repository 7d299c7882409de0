// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaSQLite
import Testing

struct LostEventTests {
    /// The row of a held event was gone from the file, by damage or by another program's hand. Its dead letter was made from that row,
    /// so none was made, and the worker was told that it was: it acknowledged the delivery, and no trace was left.
    @Test(arguments: ["q.dead", "q.parked"])
    func `a letter that can't be kept because its event's row is gone is refused, and the delivery stays`(_ queue: String) async throws {
        try await SQLiteHarness.use(options: SQLiteFile.Options()) { harness in
            let broker = SQLiteBroker(try await harness.file())
            try await broker.declare("q", bindings: [pattern("t")])
            let subscription = try await broker.subscribe(to: "q", prefetch: 1)
            try await broker.publish([event("1")])
            let delivery = try await subscription.one()
            try Tampering.run(harness.path, "DELETE FROM event")
            await #expect(throws: BrokerFailure.self) {
                try await broker.forward(delivery, to: queue, passage: delivery.passage, after: .zero)
            }
            #expect(try await broker.letters(in: queue, matching: LetterFilter(), limit: 10).isEmpty)
            #expect(try await broker.queues().first { $0.name == "q" }?.held == 1)
        }
    }
}

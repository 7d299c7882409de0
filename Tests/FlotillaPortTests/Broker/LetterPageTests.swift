// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import Testing

/// Letters are read a page at a time, and a page is as heavy as one process can hold with ease.
struct LetterPageTests {
    private static let queues = [QueueNames.dead("q"), QueueNames.parked("q")]

    @Test(arguments: Adapter.allCases.filter { $0 != .memory }, queues)
    func `a page of heavy letters is short, and page after page brings all of them in their order`(
        _ adapter: Adapter, _ queue: String
    ) async throws {
        try await adapter.harness { harness in
            let holder = try await harness.open()
            try await holder.broker.declare("q", bindings: [pattern("t")])
            let subscription = try await holder.broker.subscribe(to: "q", prefetch: 1)
            let data = [UInt8](repeating: 0x20, count: 7 << 20)
            for number in 0..<5 {
                try await holder.broker.publish([Event(id: "\(number)", source: "/hooks/test", type: "t", data: number == 2 ? [] : data)])
                let delivery = try await subscription.one()
                var passage = delivery.passage
                // Parked ones stand in several queues, by their connections.
                passage.blame(Failure(.unauthorized(connection: "c\(number)"), "no consent"), in: "q", now: SystemClock().now)
                try await holder.broker.forward(delivery, to: queue, passage: passage, after: .zero)
                delivery.acknowledge()
            }
            var filter = LetterFilter()
            var pages: [[String]] = []
            let broker = try #require(holder.broker as? any BrokerInspection)
            while case let page = try await broker.letters(in: queue, matching: filter, limit: 100), let last = page.last {
                pages.append(page.map { (try? $0.content.get())?.id ?? "-" })
                filter.after = last.place
            }
            #expect(pages.flatMap(\.self) == ["0", "1", "2", "3", "4"])
            #expect(pages.allSatisfy { $0.count { $0 != "2" } <= 3 } && pages.count > 1)
        }
    }
}

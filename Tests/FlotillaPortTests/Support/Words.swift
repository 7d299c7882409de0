// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import TestSupport
import Testing

func pattern(_ text: String) throws -> TopicPattern { try #require(TopicPattern(text)) }

func event(
    _ id: String, type: String = "t", source: String = "/hooks/test", partitionKey: String? = nil, data: [UInt8] = Array("{}".utf8)
) throws -> Event {
    let extensions = partitionKey.map { ["partitionkey": $0] } ?? [:]
    return try Event(id: id, source: source, type: type, extensions: extensions, data: data)
}

func key(_ id: String, consumer: String = "q") throws -> LedgerKey { try LedgerKey(consumer: consumer, source: "/hooks/test", id: id) }

extension Delivery {
    var event: Event? { try? content.get() }
    var id: String { event?.id ?? "-" }
}

extension KeptLetter {
    var id: String? { (try? content.get())?.id }
}

extension Subscription {
    /// The next delivery, which must come.
    func one(within limit: Duration = .seconds(60)) async throws -> Delivery {
        try #require(try await within(limit, "a delivery") { try await next() })
    }

    func take(_ count: Int, within limit: Duration = .seconds(60)) async throws -> [Delivery] {
        try await within(limit, "\(count) deliveries") {
            var taken: [Delivery] = []
            for _ in 0..<count { taken.append(try #require(try await next())) }
            return taken
        }
    }
}

extension Broker {
    /// Returns when everything that this broker would have delivered by now is delivered: an event that was published later has come.
    func settleDown() async throws {
        try await declare("barrier", bindings: [pattern("barrier")])
        let subscription = try await subscribe(to: "barrier", prefetch: 1)
        for _ in 0..<2 {
            try await publish([event("barrier", type: "barrier")])
            try await subscription.one().acknowledge()
        }
        await subscription.cancel()
    }
}

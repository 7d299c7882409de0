// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import Testing

func pattern(_ text: String) throws -> TopicPattern { try #require(TopicPattern(text)) }

func event(_ id: String, type: String = "t", source: String = "/hooks/test", data: [UInt8] = Array("{}".utf8)) throws -> Event {
    try Event(id: id, source: source, type: type, data: data)
}

func key(_ id: String, consumer: String = "q") throws -> LedgerKey { try LedgerKey(consumer: consumer, source: "/hooks/test", id: id) }

extension Delivery {
    var event: Event? { try? content.get() }
    var id: String { event?.id ?? "-" }
}

extension KeptLetter {
    var id: String? { (try? content.get())?.id }
}

struct TooLate: Error, CustomStringConvertible {
    let description: String
}

/// What `body` returns, if it does within the limit: a test that waits for a signal ends, whatever happens. What does not end is left
/// behind, so that a hang shows as a failure.
func within<Value: Sendable>(
    _ limit: Duration = .seconds(60), _ what: String = "it", _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let loop = try Loop("deadline")
    defer { loop.stop() }
    let (first, ending) = AsyncThrowingStream<Value, any Error>.makeStream()
    let task = Task {
        do { ending.yield(try await body()) } catch { ending.finish(throwing: error) }
    }
    let deadline = Task {
        try await LoopSleeper(loop).sleep(for: limit)
        ending.finish(throwing: TooLate(description: "\(what) did not happen within \(limit)"))
    }
    defer {
        task.cancel()
        deadline.cancel()
    }
    for try await value in first { return value }
    throw CancellationError()
}

/// Returns when a file shows what is awaited. It gives no signal: it is asked again and again, until the deadline.
func until(_ limit: Duration = .seconds(60), _ condition: @escaping @Sendable () async throws -> Bool) async throws {
    let loop = try Loop("until")
    defer { loop.stop() }
    try await within(limit, "what is awaited") {
        while try await !condition() { try await LoopSleeper(loop).sleep(for: .milliseconds(5)) }
    }
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

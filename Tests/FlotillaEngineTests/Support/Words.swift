// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import Testing

func pattern(_ text: String) throws -> TopicPattern { try #require(TopicPattern(text)) }

func event(_ id: String, type: String = "t") throws -> Event { try Event(id: id, source: "/hooks/test", type: type) }

func key(_ id: String) throws -> LedgerKey { try LedgerKey(consumer: "q", source: "/hooks/test", id: id) }

struct TooLate: Error {}

/// What `body` returns, if it does within the limit: a test that waits for a signal ends, whatever happens. What does not end is left
/// behind, so that a hang shows as a failure.
func within<Value: Sendable>(
    _ limit: Duration = .seconds(60), _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let loop = try Loop("deadline")
    defer { loop.stop() }
    let (first, ending) = AsyncThrowingStream<Value, any Error>.makeStream()
    let task = Task {
        do { ending.yield(try await body()) } catch { ending.finish(throwing: error) }
    }
    let deadline = Task {
        try await LoopSleeper(loop).sleep(for: limit)
        ending.finish(throwing: TooLate())
    }
    defer {
        task.cancel()
        deadline.cancel()
    }
    for try await value in first { return value }
    throw CancellationError()
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime

/// Something did not happen in time.
package struct TooLate: Error, CustomStringConvertible {
    package let description: String
}

/// What `body` returns, if it does within the limit: a test that waits for a signal ends, whatever happens. What does not end is left
/// behind, so that a hang shows as a failure.
package func within<Value: Sendable>(
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
package func until(_ limit: Duration = .seconds(60), _ condition: @escaping @Sendable () async throws -> Bool) async throws {
    let loop = try Loop("until")
    defer { loop.stop() }
    try await within(limit, "what is awaited") {
        while try await !condition() { try await LoopSleeper(loop).sleep(for: .milliseconds(5)) }
    }
}

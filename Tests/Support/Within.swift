// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime

/// Something did not happen in time.
package struct TooLate: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) {
        self.description = description
    }
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

/// Waits until `condition` answers something: the one place where a test looks again and again, since what it waits for gives no signal:
/// it happens in another process, in a file or behind a port.
@discardableResult
package func eventually<Value: Sendable>(
    _ what: String = "what is awaited", within limit: Duration = .seconds(60),
    _ condition: @escaping @Sendable () async throws -> Value?
) async throws -> Value {
    let loop = try Loop("eventually")
    defer { loop.stop() }
    return try await TestSupport.within(limit, what) {
        while true {
            if let value = try await condition() { return value }
            try await LoopSleeper(loop).sleep(for: .milliseconds(5))
        }
    }
}

/// The same for a plain yes.
package func until(
    _ what: String = "what is awaited", within limit: Duration = .seconds(60), _ condition: @escaping @Sendable () async throws -> Bool
) async throws {
    try await eventually(what, within: limit) { try await condition() ? () : nil }
}

// SPDX-License-Identifier: Apache-2.0

/// A condition did not come true in time.
struct TooLate: Error, CustomStringConvertible {
    let description: String
}

/// Waits until `condition` answers something: the one place where a test looks again and again, since what it waits for happens in
/// another process, in a file or behind a port.
@discardableResult
func eventually<Value>(
    _ what: String, within limit: Duration = .seconds(30), _ condition: () async throws -> Value?
) async throws -> Value {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while true {
        if let value = try await condition() { return value }
        guard clock.now < deadline else { throw TooLate(description: "not within \(limit): \(what)") }
        try await clock.sleep(for: .milliseconds(5))
    }
}

/// The same for a plain yes.
func until(_ what: String, within limit: Duration = .seconds(30), _ condition: () async throws -> Bool) async throws {
    try await eventually(what, within: limit) { try await condition() ? () : nil }
}

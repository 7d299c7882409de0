// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime

/// Options that several commands understand in the same way.
extension Arguments {
    /// A time, or how long ago.
    mutating func moment(_ name: String, now: Timestamp) throws -> Timestamp? {
        guard let text = try option(name) else { return nil }
        if let moment = Timestamp(text) { return moment }
        guard let age = Quantity.duration(text) else {
            throw WrongUsage("\(name) must be a time such as 2026-01-31T12:00:00Z, or an age such as 2h")
        }
        return now - age
    }

    /// A pattern of types.
    mutating func pattern(_ name: String) throws -> TopicPattern? {
        guard let text = try option(name) else { return nil }
        guard let pattern = TopicPattern(text) else { throw WrongUsage("\(name) must be a pattern such as github.#") }
        return pattern
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime

extension LetterFilter {
    init(_ arguments: inout Arguments, now: Timestamp) throws {
        self.init()
        id = try arguments.option("--id")
        if let text = try arguments.option("--type") {
            guard let pattern = TopicPattern(text) else { throw WrongUsage("--type must be a pattern such as github.#") }
            type = pattern
        }
        failureClass = try arguments.option("--class")
        reason = try arguments.option("--reason")
        tenant = try arguments.option("--tenant")
        since = try Self.time(arguments.option("--since"), "--since", now)
        until = try Self.time(arguments.option("--until"), "--until", now)
    }

    private static func time(_ text: String?, _ name: String, _ now: Timestamp) throws -> Timestamp? {
        guard let text else { return nil }
        if let moment = Timestamp(text) { return moment }
        guard let age = Quantity.duration(text) else {
            throw WrongUsage("\(name) must be a time such as 2026-01-31T12:00:00Z, or an age such as 2h")
        }
        return now - age
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel

extension LetterFilter {
    init(_ arguments: inout Arguments, now: Timestamp) throws {
        self.init()
        id = try arguments.option("--id")
        type = try arguments.pattern("--type")
        failureClass = try arguments.option("--class")
        reason = try arguments.option("--reason")
        tenant = try arguments.option("--tenant")
        since = try arguments.moment("--since", now: now)
        until = try arguments.moment("--until", now: now)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The headers of a message: CloudEvents' attributes in binary mode, and our own. Nothing else of a message is ever copied.
enum HeaderNames {
    static let attributePrefix: StaticString = "cloudEvents:"

    static let specVersion: StaticString = "cloudEvents:specversion"
    static let id: StaticString = "cloudEvents:id"
    static let source: StaticString = "cloudEvents:source"
    static let type: StaticString = "cloudEvents:type"
    static let time: StaticString = "cloudEvents:time"
    static let subject: StaticString = "cloudEvents:subject"
    static let dataSchema: StaticString = "cloudEvents:dataschema"

    static let attempt: StaticString = "flotilla-attempt"
    /// Copies that spent no attempt.
    static let deferrals: StaticString = "flotilla-deferrals"
    static let generation: StaticString = "flotilla-generation"
    static let firstFailedAt: StaticString = "flotilla-first-failed-at"
    static let origin: StaticString = "flotilla-origin"
    static let failureClass: StaticString = "flotilla-class"
    static let reason: StaticString = "flotilla-reason"
    static let connection: StaticString = "flotilla-connection"
    static let replayedFrom: StaticString = "flotilla-replayed-from"
    /// When a letter was laid down.
    static let keptAt: StaticString = "flotilla-kept-at"
    /// Not to be delivered earlier: of a delay that is longer than the longest rung.
    static let notBefore: StaticString = "flotilla-not-before"

    /// Of a journal message: how many events it holds, and when the first and the last of them were accepted.
    static let count: StaticString = "count"
    static let first: StaticString = "first"
    static let last: StaticString = "last"
    /// The broker's, on what it delivers from a stream.
    static let streamOffset: StaticString = "x-stream-offset"
}

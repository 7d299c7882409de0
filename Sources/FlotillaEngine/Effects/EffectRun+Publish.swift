// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// Events that a handler publishes. Their ids are made of the event that it handles: published again by a later run, they are known for the
/// same by whoever has had them, so they need no row of their own.
extension EffectRun {
    struct Publication {
        let type: String
        let data: [UInt8]
        let name: String
        let key: String
        let contentType: String?
        let subject: String?
        let extensions: [String: String]
    }

    /// What an event takes over from the one before it.
    private static let inherited = ["tenant", "traceparent", "tracestate", "partitionkey"]

    func publish(_ publication: Publication) async throws -> String {
        try take("publication", publication.name, publication.key)
        let id = try Self.name("publication", key().bytes, Array(publication.name.utf8), Array(publication.key.utf8))
        var extensions = parent.extensions.filter { Self.inherited.contains($0.key) }
        extensions.merge(publication.extensions) { $1 }
        extensions["parentid"] = parent.id
        let event: Event
        do {
            event = try Event(
                id: id, source: "/workers/\(parent.consumer)", type: publication.type, time: means.now(), subject: publication.subject,
                dataContentType: publication.contentType, extensions: extensions, data: publication.data)
        } catch {
            throw halt("the event \(publication.name) can't be published: \(error)")
        }
        try await insisting("publish") { try await means.publish(event) }
        return id
    }
}

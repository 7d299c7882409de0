// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel

/// The three forms in which CloudEvents travel over HTTP. The content type tells which one a request has.
enum EventMessage {
    /// More events are a job for more requests: all of them wait for one confirm.
    static let limit = 1000

    static func events(in request: Request) throws(UnacceptableEvents) -> [Event] {
        let types = request.head.headers.all("Content-Type")
        guard types.count < 2 else { throw UnacceptableEvents("the header Content-Type came more than once") }
        let type = types.first.map { $0.prefix { $0 != ";" && $0 != " " && $0 != "\t" }.lowercased() } ?? ""
        switch type {
        case Event.contentType: return [try structured(request.body)]
        case Event.batchContentType: return try batch(request.body)
        case _ where type.hasPrefix("application/cloudevents"):
            throw UnacceptableEvents(
                "events are taken in JSON: \(Event.contentType), \(Event.batchContentType), or with ce- headers", status: 415)
        default: return [try BinaryEvent.read(request)]
        }
    }

    private static func structured(_ body: [UInt8]) throws(UnacceptableEvents) -> Event {
        do throws(UnreadableEvent) { return try Event(json: body) } catch { throw UnacceptableEvents(error) }
    }

    private static func batch(_ body: [UInt8]) throws(UnacceptableEvents) -> [Event] {
        do throws(UnreadableEvent) { return try Event.batch(json: body, limit: limit) } catch { throw UnacceptableEvents(error) }
    }
}

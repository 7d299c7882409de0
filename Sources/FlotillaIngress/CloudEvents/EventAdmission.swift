// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel

/// What becomes of a sender's event when it enters the fleet: its attributes stay as they are but for its source, which says by whose
/// token it came, its tenant, which the token may prescribe, and what is missing of time and trace.
struct EventAdmission {
    let token: APIToken
    /// That of the request, for events which bring none of their own.
    let trace: TraceContext?
    let acceptedAt: Timestamp

    func admit(_ event: Event) throws(UnacceptableEvents) -> Event {
        try check(event.extensions)
        var extensions = event.extensions
        extensions["tenant"] = try tenant(of: event)
        let trace = TraceContext(parent: extensions["traceparent"], state: extensions["tracestate"]) ?? trace
        extensions["traceparent"] = trace?.parent
        extensions["tracestate"] = trace?.state
        do throws(InvalidEvent) {
            return try Event(
                id: event.id, source: "\(token.name)/\(event.source)", type: event.type, time: event.time ?? acceptedAt,
                subject: event.subject, dataContentType: event.dataContentType, dataSchema: event.dataSchema, extensions: extensions,
                data: event.data)
        } catch {
            throw UnacceptableEvents(error)
        }
    }

    /// What the fleet itself says of an event can't be said by its sender.
    private func check(_ extensions: [String: String]) throws(UnacceptableEvents) {
        for name in extensions.keys where name == "parentid" || name.hasPrefix("flotilla") {
            throw UnacceptableEvents("the extension \(name) is set by the fleet alone")
        }
    }

    private func tenant(of event: Event) throws(UnacceptableEvents) -> String? {
        guard let own = token.tenant else { return event.tenant }
        guard event.tenant == nil || event.tenant == own else {
            throw UnacceptableEvents("the bearer token is for another tenant than the event's", status: 403)
        }
        return own
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
package import FlotillaModel

/// What the fleet makes of one verified request: the event to publish, and its type in the provider's own words.
package struct SplitEvent: Sendable, Equatable {
    package let event: Event
    /// Nil for a request that is not what the provider sends.
    package let rawType: String?
    /// Whether a resend of the same event is promised to have this id.
    package let idIsStable: Bool
}

extension Hook {
    /// The events of a request, with the untouched body as data. One for each request: no provider of the table so far sends
    /// several at once.
    ///
    /// What is verified but not what the provider sends becomes an event of type `{vendor}.unknown`. Its id is kept only if the
    /// signature covers it; any other would let a stray request take the id of a real event, which then passed for a duplicate.
    package func split(
        _ request: VerifiedRequest, acceptedAt time: Timestamp, freshID: () -> String
    ) throws(InvalidEvent) -> [SplitEvent] {
        let fields = RequestFields(request, of: self)
        let id = fields[provider.id]
        let rawType = id == nil ? nil : typeWords(fields)
        let kept = rawType != nil || provider.idIsSigned ? id : nil
        let event = try Event(
            id: kept ?? freshID(),
            source: source,
            type: rawType.map { EventType.name(of: vendor, $0) } ?? EventType.unknown(of: vendor),
            time: time,
            dataContentType: contentType(of: request),
            extensions: extensions(of: request, fields),
            data: request.body)
        return [SplitEvent(event: event, rawType: rawType?.joined(separator: "."), idIsStable: kept != nil && provider.idsAreStable)]
    }

    /// Nil where the request is not what the provider sends: no JSON object, or no word for what happened.
    private func typeWords(_ fields: RequestFields) -> [String]? {
        guard fields.isObject, let first = provider.type.first, fields[first] != nil else { return nil }
        return provider.type.compactMap { fields[$0] }
    }

    private func contentType(of request: VerifiedRequest) -> String? {
        request.head.headers.unambiguous("Content-Type").flatMap { AttributeText.fits($0, limit: 255) ? $0 : nil }
    }

    private func extensions(of request: VerifiedRequest, _ fields: RequestFields) -> [String: String] {
        var extensions: [String: String] = [:]
        for field in provider.tenant {
            guard let tenant = fields[field] else { continue }
            extensions["tenant"] = tenant
            break
        }
        if let trace = TraceContext(request.head.headers) {
            extensions["traceparent"] = trace.parent
            extensions["tracestate"] = trace.state
        }
        return extensions
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
package import FlotillaModel

/// What the fleet makes of one verified request, or of one item of it: the event to publish, and its type in the provider's own
/// words.
package struct SplitEvent: Sendable, Equatable {
    package let event: Event
    /// Nil for what is not what the provider sends.
    package let rawType: String?
    /// Whether a resend of the same event is promised to have this id.
    package let idIsStable: Bool
}

extension Hook {
    /// A request with more items than this stays one event: nothing is lost, and nobody can make millions of events at once.
    package static let itemLimit = 10_000

    /// The events of a request: one with the untouched body as data, or one for each item of a batch, with the item's own bytes.
    /// A batch may be empty.
    ///
    /// What is verified but not what the provider sends becomes an event of type `{vendor}.unknown`, a batch's odd item alone. Its
    /// id is kept only if the signature covers it; any other would let a stray request take the id of a real event, which then
    /// passed for a duplicate.
    package func split(
        _ request: VerifiedRequest, acceptedAt time: Timestamp, freshID: () -> String
    ) throws(InvalidEvent) -> [SplitEvent] {
        let document = ItemFields.Layer(document(of: request), paths: paths[0])
        let shared = extensions(of: request)
        func make(_ layers: [ItemFields.Layer], _ data: [UInt8], _ contentType: String?) throws(InvalidEvent) -> SplitEvent {
            try event(
                ItemFields(request: request, layers: layers), data, contentType, at: time, extensions: shared, freshID: freshID)
        }
        guard !provider.items.isEmpty, let items = items(in: document) else {
            return [try make([document], request.body, contentType(of: request))]
        }
        var events: [SplitEvent] = []
        events.reserveCapacity(items.count)
        for layers in items { events.append(try make(layers, layers.last?.bytes ?? [], "application/json")) }
        return events
    }

    /// For each item what surrounds it and itself. An element that should hold the next list and does not is an item, too. Nil
    /// where the document is not the list that the provider sends, or has too many items.
    private func items(in document: ItemFields.Layer) -> [[ItemFields.Layer]]? {
        var items = [[document]]
        for (level, list) in provider.items.enumerated() {
            var next: [[ItemFields.Layer]] = []
            for layers in items {
                guard layers.count == level + 1, let last = layers.last else {
                    next.append(layers)
                    continue
                }
                var found: [[UInt8]]?
                for path in list.paths where last.holdsList(at: path) {
                    guard let elements = last.elements(of: path, limit: Self.itemLimit) else { return nil }
                    found = (found ?? []) + elements
                }
                guard let found else {
                    guard level > 0 else { return nil }
                    next.append(layers)
                    continue
                }
                next += found.map { layers + [ItemFields.Layer($0, paths: paths[level + 1])] }
                guard next.count <= Self.itemLimit else { return nil }
            }
            items = next
        }
        return items
    }

    private func event(
        _ fields: ItemFields, _ data: [UInt8], _ contentType: String?, at time: Timestamp, extensions: [String: String],
        freshID: () -> String
    ) throws(InvalidEvent) -> SplitEvent {
        let id = provider.id.flatMap { fields[$0] }
        let lacksID = id == nil && provider.id != nil && provider.idIsExpected
        let rawType = lacksID ? nil : typeWords(fields)
        let kept = rawType != nil || provider.idIsSigned || !provider.typeIsExpected ? id : nil
        var extensions = extensions
        extensions["tenant"] = provider.tenant.flatMap { fields[$0] }
        let event = try Event(
            id: kept ?? freshID(),
            source: source,
            type: rawType.map { EventType.name(of: vendor, $0) } ?? unknownType,
            time: time,
            dataContentType: contentType,
            extensions: extensions,
            data: data)
        return SplitEvent(event: event, rawType: rawType?.joined(separator: "."), idIsStable: kept != nil)
    }

    /// Nil where the request is not what the provider sends: no JSON object, or no word for what happened.
    private func typeWords(_ fields: ItemFields) -> [String]? {
        guard fields.layers.count == provider.items.count + 1, fields.isObject || !provider.needsJSON else { return nil }
        guard let first = provider.type.first, fields[first] != nil else { return nil }
        return provider.type.compactMap { fields[$0] }
    }

    private func document(of request: VerifiedRequest) -> [UInt8] {
        guard let name = provider.formField, FormBody.isDeclared(by: request.head.headers.unambiguous("Content-Type")) else {
            return request.body
        }
        return FormBody.field(name, of: request.body) ?? []
    }

    private func contentType(of request: VerifiedRequest) -> String? {
        request.head.headers.unambiguous("Content-Type").flatMap { AttributeText.fits($0, limit: 255) ? $0 : nil }
    }

    private func extensions(of request: VerifiedRequest) -> [String: String] {
        guard let trace = TraceContext(request.head.headers) else { return [:] }
        var extensions = ["traceparent": trace.parent]
        extensions["tracestate"] = trace.state
        return extensions
    }
}

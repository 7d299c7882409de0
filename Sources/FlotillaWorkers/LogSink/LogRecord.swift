// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// An event as one line of a log: a JSON object with `time`, `level`, `id`, `source`, `type` and `body`, and with `subject`,
/// `tenant` and `traceparent` where the event has them. Made by the handler, appended by a sink, then forgotten.
///
/// The body is the event's data: as they are when they are JSON, as a string when they are other text. Of anything else `body` is
/// null and `body_base64` holds the bytes; `datacontenttype` then says what they are. A line is never longer than three
/// times the data and the attributes together.
package struct LogRecord: Sendable, Equatable {
    /// Ends with a newline, its only one.
    package let line: [UInt8]

    /// - Parameter now: the record's time if the event has none.
    package init(_ event: Event, now: Timestamp) {
        let content = Content(event)
        var writer = JSONWriter(capacity: event.data.count + 512)
        writer.beginObject()
        writer.member("time", (event.time ?? now).description)
        writer.member("level", content.level)
        writer.member("id", event.id)
        writer.member("source", event.source)
        writer.member("type", event.type)
        if let subject = event.subject { writer.member("subject", subject) }
        if let tenant = event.tenant { writer.member("tenant", tenant) }
        if let trace = event.traceParent { writer.member("traceparent", trace) }
        content.body.write(event, to: &writer)
        writer.endObject()
        writer.newline()
        line = writer.bytes
    }
}

/// What the data turn out to be.
private struct Content {
    enum Body {
        case json
        case text(String)
        case bytes
    }

    static let usualLevel = "info"
    static let levelLimit = 32
    /// One level less than our own reader takes, since the line is an object around the body. Others (jq 1.6) end at 256.
    static let depthLimit = JSONValue.defaultDepth - 1

    var level = usualLevel
    let body: Body

    init(_ event: Event) {
        if event.hasJSONType, let fields = try? JSONFields.extract(paths: [["level"]], from: event.data, depthLimit: Self.depthLimit) {
            body = .json
            // Only a `log.record` speaks of itself; elsewhere a level may be anything, a water gauge's for example.
            if event.type == "log.record", let text = fields.first??.text, (1...Self.levelLimit).contains(text.utf8.count) {
                level = text.lowercased()
            }
        } else if let text = String(validating: event.data, as: UTF8.self), !Self.isMostlyControl(event.data) {
            body = .text(text)
        } else {
            body = .bytes
        }
    }

    /// Control characters but white space become six bytes each. With more than one in five of them it is not text, whatever it
    /// decodes as; so a line stays within its bound.
    private static func isMostlyControl(_ data: [UInt8]) -> Bool {
        let long = data.count { $0 < 0x20 && !($0 == 0x0A || $0 == 0x0D || $0 == 0x09 || $0 == 0x08 || $0 == 0x0C) }
        return long * 5 > data.count
    }
}

extension Content.Body {
    func write(_ event: Event, to writer: inout JSONWriter) {
        switch self {
        case .json:
            writer.key("body")
            // Line breaks stand only between the tokens of a JSON document, never within one, and there they mean nothing.
            if event.data.contains(where: \.isLineBreak) {
                writer.raw(event.data.filter { !$0.isLineBreak })
            } else {
                writer.raw(event.data)
            }
        case .text(let text):
            if let type = event.dataContentType { writer.member("datacontenttype", type) }
            writer.member("body", text)
        case .bytes:
            if let type = event.dataContentType { writer.member("datacontenttype", type) }
            writer.key("body")
            writer.null()
            writer.member("body_base64", Base64.encode(event.data))
        }
    }
}

extension UInt8 {
    fileprivate var isLineBreak: Bool { self == 0x0A || self == 0x0D }
}

extension Event {
    /// An event without a type is JSON: the CloudEvents specification says so.
    fileprivate var hasJSONType: Bool {
        guard let type = dataContentType else { return true }
        let essence = type.prefix { $0 != ";" && !$0.isWhitespace }.lowercased()
        return essence.hasSuffix("/json") || essence.hasSuffix("+json")
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// An event whose attributes are headers and whose data are the body: the binary mode of the HTTP binding.
enum BinaryEvent {
    static func read(_ request: Request) throws(UnacceptableEvents) -> Event {
        var attributes = try attributes(of: request.head.headers)
        guard !attributes.isEmpty else {
            throw UnacceptableEvents("the request is no CloudEvent: it has neither ce- headers nor a content type of CloudEvents")
        }
        guard attributes.removeValue(forKey: "specversion") == "1.0" else { throw UnacceptableEvents(InvalidEvent.specVersion) }
        var time: Timestamp?
        if let text = attributes.removeValue(forKey: "time") {
            time = Timestamp(text)
            guard time != nil else { throw UnacceptableEvents(InvalidEvent.malformed("time")) }
        }
        let (id, source, type) = (
            attributes.removeValue(forKey: "id"), attributes.removeValue(forKey: "source"), attributes.removeValue(forKey: "type")
        )
        let (subject, schema) = (attributes.removeValue(forKey: "subject"), attributes.removeValue(forKey: "dataschema"))
        do throws(InvalidEvent) {
            return try Event(
                id: id ?? "", source: source ?? "", type: type ?? "", time: time, subject: subject,
                dataContentType: request.head.headers["Content-Type"], dataSchema: schema, extensions: attributes, data: request.body)
        } catch {
            throw UnacceptableEvents(error)
        }
    }

    private static func attributes(of headers: Headers) throws(UnacceptableEvents) -> [String: String] {
        var attributes: [String: String] = [:]
        for (name, value) in headers.fields {
            let name = name.lowercased()
            guard name.hasPrefix("ce-") else { continue }
            let attribute = String(name.dropFirst(3))
            guard attributes[attribute] == nil else { throw UnacceptableEvents("a header that begins with ce- came more than once") }
            guard let text = HeaderText.decode(value) else {
                throw UnacceptableEvents("the value of a header that begins with ce- is not percent-encoded UTF-8")
            }
            attributes[attribute] = text
        }
        return attributes
    }
}

/// How the HTTP binding writes an attribute's text into a header: percent-encoded UTF-8. Senders of older versions put it in quotes.
enum HeaderText {
    static func decode(_ value: String) -> String? {
        let bytes = unquoted(Array(value.utf8))
        guard bytes.contains(UInt8(ascii: "%")) else { return String(validating: bytes, as: UTF8.self) }
        return PercentEncoding.decode(bytes).flatMap { String(validating: $0, as: UTF8.self) }
    }

    private static func unquoted(_ bytes: [UInt8]) -> [UInt8] {
        let quote = UInt8(ascii: "\"")
        guard bytes.count >= 2, bytes.first == quote, bytes.last == quote else { return bytes }
        var text: [UInt8] = []
        var rest = bytes[1..<bytes.count - 1]
        while let byte = rest.popFirst() {
            text.append(byte == UInt8(ascii: "\\") ? rest.popFirst() ?? byte : byte)
        }
        return text
    }
}

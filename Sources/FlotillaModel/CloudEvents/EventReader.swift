// SPDX-License-Identifier: Apache-2.0

/// Reads events out of one document, each in a single pass.
struct EventReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var scanner: JSONScanner

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        scanner = JSONScanner(bytes)
    }

    mutating func single() throws(UnreadableEvent) -> Event {
        guard try next() == .beginObject else { throw .notAnObject }
        let event = try event()
        _ = try next()
        return event
    }

    mutating func batch(limit: Int) throws(UnreadableEvent) -> [Event] {
        guard try next() == .beginArray else { throw .notAnArray }
        var events: [Event] = []
        while true {
            switch try next() {
            case .beginObject:
                guard events.count < limit else { throw .tooMany(limit: limit) }
                events.append(try event())
            case .endArray:
                _ = try next()
                return events
            default: throw .notAnObject
            }
        }
    }

    /// From after the opening brace past the closing one.
    private mutating func event() throws(UnreadableEvent) -> Event {
        var parts = EventParts()
        var names: Set<String> = []
        while case .key(let key) = try next() {
            let name = key.string(in: bytes)
            guard names.insert(name).inserted else { throw .repeatedName }
            // One more than an event may have is refused before a flood of them is kept.
            guard names.count <= EventRules.extensionLimit + EventRules.reserved.count else {
                throw .event(.tooManyExtensions(limit: EventRules.extensionLimit))
            }
            try read(name, into: &parts)
        }
        return try parts.event()
    }

    private mutating func read(_ name: String, into parts: inout EventParts) throws(UnreadableEvent) {
        let token = try next()
        let start = scanner.start
        try skip(token)
        if token == .null { return }
        switch name {
        case "data":
            parts.data = Array(bytes[start..<scanner.position])
            if case .string(let text) = token { parts.dataText = text.string(in: bytes) }
        case "data_base64":
            guard case .string(let text) = token else { throw .notText(name) }
            parts.base64 = text.string(in: bytes)
        case _ where EventRules.reserved.contains(name):
            guard case .string(let text) = token else { throw .notText(name) }
            parts.attributes[name] = text.string(in: bytes)
        default: parts.extensions[name] = try value(token)
        }
    }

    /// An extension's value as CloudEvents writes its types as strings.
    private func value(_ token: JSONScanner.Token) throws(UnreadableEvent) -> String {
        switch token {
        case .string(let text): return text.string(in: bytes)
        case .bool(let flag): return flag ? "true" : "false"
        case .number(let range):
            guard let number = Int64(String(decoding: bytes[range], as: UTF8.self)) else { throw .extensionValue }
            return String(number)
        default: throw .extensionValue
        }
    }

    private mutating func next() throws(UnreadableEvent) -> JSONScanner.Token {
        do throws(JSONFailure) { return try scanner.next() } catch { throw .json(error) }
    }

    private mutating func skip(_ token: JSONScanner.Token) throws(UnreadableEvent) {
        do throws(JSONFailure) { try scanner.skip(token) } catch { throw .json(error) }
    }
}

/// What was found of one event, before the rules are applied to it.
private struct EventParts {
    var attributes: [String: String] = [:]
    var extensions: [String: String] = [:]
    /// The value of `data` as it stands in the document, and its text when it is a string.
    var data: [UInt8]?
    var dataText: String?
    var base64: String?

    func event() throws(UnreadableEvent) -> Event {
        guard attributes["specversion"] == "1.0" else { throw .event(.specVersion) }
        var time: Timestamp?
        if let text = attributes["time"] {
            time = Timestamp(text)
            guard time != nil else { throw .event(.malformed("time")) }
        }
        let bytes = try content()
        do throws(InvalidEvent) {
            return try Event(
                id: attributes["id"] ?? "", source: attributes["source"] ?? "", type: attributes["type"] ?? "", time: time,
                subject: attributes["subject"], dataContentType: attributes["datacontenttype"], dataSchema: attributes["dataschema"],
                extensions: extensions, data: bytes)
        } catch {
            throw .event(error)
        }
    }

    /// A string under a content type other than JSON is the text itself; anything else is JSON as it was sent.
    private func content() throws(UnreadableEvent) -> [UInt8] {
        if let base64 {
            guard data == nil else { throw .twoKindsOfData }
            guard let bytes = Base64.decode(base64) else { throw .base64 }
            return bytes
        }
        if let dataText, !MediaType.isJSON(attributes["datacontenttype"]) { return Array(dataText.utf8) }
        return data ?? []
    }
}

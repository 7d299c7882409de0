// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// A request that somebody asks about, and the hook that it was meant for: one line of `flotilla hooks verify`. Made of that line,
/// judged by an `Inspector`, gone with its verdict.
struct InspectedRequest {
    let id: JSONValue
    /// As the line names it; also the hook's name.
    let name: String
    let provider: Provider
    var settings: HookSettings
    var now: Timestamp
    var request: Request

    func hook() throws(HookFault) -> Hook {
        try Hook(name: name, provider: provider, settings: settings)
    }
}

/// Why a line is no request to judge. Says what would be right, never what was found: it may be a secret.
struct LineFault: Error {
    /// The line's own id, where it could be read.
    let id: JSONValue
    let why: String

    init(_ why: String, of id: JSONValue = .null) {
        self.id = id
        self.why = why
    }
}

extension InspectedRequest {
    /// `defaultNow` is for a line that has no clock of its own.
    init(line: [UInt8], defaultNow: @autoclosure () -> Timestamp) throws(LineFault) {
        let document: JSONValue
        do { document = try JSONValue(parsing: line, sizeLimit: .max) } catch { throw LineFault("\(error)") }
        guard document.members != nil else { throw LineFault("a line must be a JSON object") }
        let id = document["id"] ?? .null
        guard let name = document["provider"]?.string, let provider = ProviderTable.named(name) else {
            throw LineFault("provider must be a scheme that flotilla hooks schemes lists", of: id)
        }
        let url = document["url"]?.string
        self.id = id
        self.name = name
        self.provider = provider
        settings = HookSettings(
            keys: try Self.keys(Self.given("keys", document), id), url: url, options: try Self.options(Self.given("config", document), id))
        // Some schemes have a name of their own for it.
        settings.url = settings.options["notification_url"] ?? settings.options["webhook_url"] ?? url
        now = try Self.given("now", document).map { (value) throws(LineFault) in try Self.time(value, id) } ?? defaultNow()
        let head = RequestHead(
            method: document["method"]?.string ?? "POST", target: Self.target(of: url, or: name),
            headers: try Self.headers(Self.given("headers", document), id))
        request = Request(head: head, body: try Self.body(document, id))
    }

    /// What is null counts as absent, as whoever writes lines by a program leaves it.
    private static func given(_ name: String, _ document: JSONValue) -> JSONValue? {
        document[name].flatMap { $0 == .null ? nil : $0 }
    }

    private static func keys(_ value: JSONValue?, _ id: JSONValue) throws(LineFault) -> [HookKey] {
        guard let value else { return [] }
        guard let list = value.array else { throw LineFault("keys must be a list", of: id) }
        var keys: [HookKey] = []
        for one in list {
            guard let kind = one["kind"]?.string.flatMap(HookKey.Kind.init(named:)), let text = one["value"]?.string else {
                let kinds = HookKey.Kind.allCases.filter { $0 != .provided }.map(\.rawValue).joined(separator: ", ")
                throw LineFault("each of keys must be {\"kind\":…,\"value\":…} with one of the kinds \(kinds)", of: id)
            }
            keys.append(HookKey(Secret(text), kind: kind))
        }
        return keys
    }

    private static func options(_ value: JSONValue?, _ id: JSONValue) throws(LineFault) -> [String: String] {
        guard let value else { return [:] }
        guard let members = value.members else { throw LineFault("config must be an object", of: id) }
        var options: [String: String] = [:]
        // Empty counts as not set, as in a variable.
        for member in members where member.value != .null && member.value != .string("") {
            let several = member.value.array?.map(\.text)
            guard let text = member.value.text ?? member.value.bool.map({ "\($0)" }) ?? several.flatMap(Self.words) else {
                throw LineFault("each member of config must be a text, a number, a boolean, or a list of texts", of: id)
            }
            options[member.name] = text
        }
        return options
    }

    private static func words(_ texts: [String?]) -> String? {
        texts.contains(nil) ? nil : texts.compactMap(\.self).joined(separator: " ")
    }

    private static func time(_ value: JSONValue, _ id: JSONValue) throws(LineFault) -> Timestamp {
        // Nobody's clock is a million years ahead; so the number always fits.
        guard let seconds = value.double, seconds.magnitude < 3e13 else { throw LineFault("now must be a number of seconds", of: id) }
        return Timestamp(milliseconds: Int64((seconds * 1000).rounded()))
    }

    /// Blanks around a value are no part of it, as on the wire.
    private static func headers(_ value: JSONValue?, _ id: JSONValue) throws(LineFault) -> Headers {
        guard let value else { return Headers() }
        guard let list = value.array else { throw LineFault("headers must be a list of [name, value]", of: id) }
        var headers = Headers()
        for pair in list {
            guard let pair = pair.array, pair.count == 2, let name = pair[0].string, let value = pair[1].text else {
                throw LineFault("each of headers must be [name, value]", of: id)
            }
            headers.add(name, value.withoutBlanksAround)
        }
        return headers
    }

    private static func body(_ document: JSONValue, _ id: JSONValue) throws(LineFault) -> [UInt8] {
        switch (given("body", document), given("body_b64", document)) {
        case (nil, nil): return []
        case (let text?, nil):
            guard let text = text.string else { throw LineFault("body must be a text", of: id) }
            return Array(text.utf8)
        case (nil, let encoded?):
            guard let bytes = encoded.string.flatMap({ Base64.decode($0) }) else { throw LineFault("body_b64 must be base64", of: id) }
            return bytes
        case (_?, _?):
            throw LineFault("there must be body or body_b64, not both", of: id)
        }
    }

    /// Path and query, as they stand in the URL.
    private static func target(of url: String?, or name: String) -> String {
        guard let parts = url.flatMap({ URLParts($0) }) else { return "/hooks/\(name)" }
        let rest = parts.rest.prefix { $0 != "#" }
        return rest.hasPrefix("/") ? String(rest) : "/" + rest
    }
}

extension String {
    fileprivate var withoutBlanksAround: String {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        guard utf8.first.map(isBlank) == true || utf8.last.map(isBlank) == true else { return self }
        let bytes = utf8.drop(while: isBlank)
        return String(
            decoding: bytes.prefix(bytes.lastIndex { !isBlank($0) }.map { bytes.distance(from: bytes.startIndex, to: $0) + 1 } ?? 0),
            as: UTF8.self)
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaHTTP
internal import FlotillaModel

/// A code over parts of the request in a fixed order, carried in a header: the family that most providers belong to. GitHub
/// signs the body alone, Standard Webhooks `id.timestamp.body`, Twilio the URL and the sorted fields of a form.
struct TemplateMAC: SignatureScheme {
    var construction = MACKey.Construction.hmac(.sha256)
    var key = KeyForm.text
    var signature: SignatureField
    var signed: MessageTemplate
    var time: SignedTime?
    /// What other headers have to say: the version of the scheme, the algorithm.
    var expected: [Expectation] = []
    var needsBody = false

    struct Expectation: Sendable {
        let item: HeaderItem
        let value: String
        /// Whether a request may also say nothing of it.
        var mayLack = false

        func check(in headers: Headers) throws(Rejection) {
            if mayLack, headers[item.header] == nil { return }
            guard try item.value(in: headers) == value else {
                throw Rejection(.header, "the header \(item.header) names another version or algorithm")
            }
        }
    }

    var keyMeaning: String { key.meaning }
    var needsURL: Bool { signed.needsURL }
    var options: [HookOption] { time?.options ?? [] }

    func check(with settings: HookSettings) throws(HookFault) -> any SignatureCheck {
        var keys: [MACKey] = []
        for bytes in try key.bytes(of: settings.keys) {
            do { keys.append(try MACKey(bytes, construction)) } catch { throw .unusableKey }
        }
        var scheme = self
        scheme.time = try time?.configured(by: settings)
        return TemplateMACCheck(scheme: scheme, keys: keys, url: settings.url)
    }
}

/// The family's scheme with the keys of one hook, newest first.
struct TemplateMACCheck: SignatureCheck {
    let scheme: TemplateMAC
    let keys: [MACKey]
    let url: String?

    func check(_ request: Request, at now: Timestamp) throws(Rejection) -> Claims {
        let headers = request.head.headers
        let signatures = try scheme.signature.signatures(in: headers, length: scheme.construction.algorithm.digestLength)
        for one in scheme.expected { try one.check(in: headers) }
        if scheme.needsBody, request.body.isEmpty { throw Rejection(.signature, "the request has no body") }
        let time = try scheme.time?.text(in: headers)
        let messages = try scheme.signed.messages(of: request, time: time, url: url)
        if let time { try scheme.time?.check(time, at: now) }
        guard try isSigned(messages, signatures) else {
            throw Rejection(.signature, "no signature matches the \(scheme.signed.covers) and the configured secrets")
        }
        try scheme.time?.checkBody(of: request, at: now)
        return [:]
    }

    private func isSigned(_ messages: [Message], _ signatures: [Substring]) throws(Rejection) -> Bool {
        for message in messages {
            for key in keys {
                let expected = scheme.signature.encoding.encode(try key.code(of: message))
                for signature in signatures where constantTimeEquals(signature, expected) { return true }
            }
        }
        return false
    }

    func sign(_ request: inout Request, at now: Timestamp) throws(Rejection) {
        guard let key = keys.first else { throw Rejection(.unavailable, "there is no secret to sign with") }
        for one in scheme.expected where !one.mayLack { request.head.headers.add(one.item.header, one.item.prefix + one.value) }
        let time = scheme.time?.write(now)
        if let time, let item = scheme.time?.headerItem, item.header != scheme.signature.item.header {
            request.head.headers.add(item.header, item.prefix + time)
        }
        if case .json(let path) = scheme.time?.place, let name = path.first, let time {
            request.body = JSONObjectText.adding(name, Array(time.utf8), to: request.body)
        }
        try scheme.signed.prepare(&request)
        let messages = try scheme.signed.messages(of: request, time: time.map { $0[...] }, url: url)
        guard let message = messages.first else { throw Rejection(.unavailable, "there is nothing to sign") }
        var items = [scheme.signature.item.prefix + scheme.signature.encoding.encode(try key.code(of: message))]
        if let time, let item = scheme.time?.headerItem, item.header == scheme.signature.item.header {
            items.insert(item.prefix + time, at: 0)
        }
        let separator = scheme.signature.item.separator.map { String(decoding: [$0], as: UTF8.self) } ?? ""
        request.head.headers.add(scheme.signature.nameToWrite, items.joined(separator: separator))
    }
}

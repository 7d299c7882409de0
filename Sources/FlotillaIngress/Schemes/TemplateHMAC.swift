// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// HMAC over parts of the request in a fixed order, carried in a header: the family that most providers belong to. GitHub
/// signs the body alone, Standard Webhooks `id.timestamp.body`.
struct TemplateHMAC: SignatureScheme {
    enum Part: Sendable {
        case body
        /// A header's value as it was sent.
        case header(String)
        case text(String)
    }

    var algorithm = HashAlgorithm.sha256
    var key = KeyForm.text
    let signature: SignatureField
    let signed: [Part]
    var time: SignedTime?

    var keyMeaning: String { key.meaning }

    func check(with settings: HookSettings) throws(HookFault) -> any SignatureCheck {
        var keys: [HMACKey] = []
        for bytes in try key.bytes(of: settings.keys) {
            do { keys.append(try HMACKey(bytes, algorithm)) } catch { throw .unusableKey }
        }
        return TemplateHMACCheck(scheme: self, keys: keys)
    }
}

/// The family's scheme with the keys of one hook, newest first.
struct TemplateHMACCheck: SignatureCheck {
    let scheme: TemplateHMAC
    let keys: [HMACKey]

    func check(_ request: Request, at now: Timestamp) throws(Rejection) -> Claims {
        let signatures = try scheme.signature.signatures(in: request.head.headers, length: scheme.algorithm.digestLength)
        let parts = try resolve(request)
        try scheme.time?.check(in: request.head.headers, at: now)
        for key in keys {
            let expected = scheme.signature.encode(try code(of: parts, by: key))
            for signature in signatures where constantTimeEquals(signature, expected) { return [:] }
        }
        throw Rejection(.signature, "no signature matches the body and the configured secrets")
    }

    func sign(_ request: inout Request, at now: Timestamp) throws(Rejection) {
        if let time = scheme.time { request.head.headers.add(time.header, time.write(now)) }
        let parts = try resolve(request)
        guard let key = keys.first else { throw Rejection(.unavailable, "there is no secret to sign with") }
        let signature = scheme.signature.encode(try code(of: parts, by: key))
        request.head.headers.add(scheme.signature.header, scheme.signature.prefix + signature)
    }

    /// What is signed, in order. The body is not copied: its array is shared.
    private func resolve(_ request: Request) throws(Rejection) -> [Resolved] {
        var parts: [Resolved] = []
        parts.reserveCapacity(scheme.signed.count)
        for part in scheme.signed {
            switch part {
            case .body:
                parts.append(.bytes(request.body))
            case .header(let name):
                parts.append(.value(try request.head.headers.single(name), of: name))
            case .text(let text):
                // A value that holds what ends it could be cut elsewhere: the same signature would fit another id and body.
                if case .value(let value, let name) = parts.last, value.utf8.contains(sequence: text.utf8) {
                    throw Rejection(.header, "the header \(name) holds \"\(text)\", which separates the signed parts")
                }
                parts.append(.text(text))
            }
        }
        return parts
    }

    private enum Resolved {
        case bytes([UInt8])
        case value(String, of: String)
        case text(String)
    }

    private func code(of parts: [Resolved], by key: HMACKey) throws(Rejection) -> [UInt8] {
        do {
            return try key.code { hash in
                for part in parts {
                    switch part {
                    case .bytes(let bytes): hash.update(bytes)
                    case .value(let text, _), .text(let text): hash.update(text)
                    }
                }
            }
        } catch {
            throw Rejection(.unavailable, "the signature can't be computed now")
        }
    }
}

extension String.UTF8View {
    /// Byte by byte: a separator in front of a combining character is still one.
    fileprivate func contains(sequence wanted: String.UTF8View) -> Bool {
        guard let first = wanted.first else { return true }
        var rest = self[...]
        while let place = rest.firstIndex(of: first) {
            if rest[place...].starts(with: wanted) { return true }
            rest = rest[index(after: place)...]
        }
        return false
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaHTTP
internal import FlotillaModel

/// A signature by a pair of keys over parts of the request in a fixed order, carried in a header: Discord, SendGrid, and the asymmetric
/// version of Standard Webhooks. The hook knows the public key alone.
struct TemplateSignature: SignatureScheme {
    let algorithm: SignatureAlgorithm
    let key: PublicKeyForm
    let signature: HeaderItem
    let encoding: SignatureField.Encoding
    let signed: MessageTemplate
    let time: SignedTime

    var keyMeaning: String { key.meaning }
    var options: [HookOption] { time.options }

    func check(with settings: HookSettings) throws(HookFault) -> any SignatureCheck {
        TemplateSignatureCheck(
            scheme: self, keys: try key.keys(of: settings.keys, for: algorithm), time: try time.configured(by: settings))
    }
}

/// The family's scheme with the keys of one hook, newest first.
struct TemplateSignatureCheck: SignatureCheck {
    /// More in one header is nobody's rotation: each costs a verification.
    static let limit = 16

    let scheme: TemplateSignature
    let keys: [SignatureKey]
    let time: SignedTime

    func check(_ request: Request, at now: Timestamp) throws(Rejection) -> Claims {
        let signatures = try signatures(in: request.head.headers)
        let text = try time.text(in: request.head.headers)
        let messages = try scheme.signed.messages(of: request, time: text, url: nil)
        if let text { try time.check(text, at: now) }
        for message in messages {
            let parts = message.bytes
            for key in keys {
                for signature in signatures where try key.verifies(signature, of: parts, by: scheme.algorithm) { return [:] }
            }
        }
        throw Rejection(.signature, "no signature matches the \(scheme.signed.covers) and the configured keys")
    }

    /// Those that are written as they should be: one spelling for each signature, as with codes. At least one.
    private func signatures(in headers: Headers) throws(Rejection) -> [[UInt8]] {
        let name = scheme.signature.header
        let texts = scheme.signature.parts(of: try headers.single(name))
        guard texts.count <= Self.limit else { throw Rejection(.header, "the header \(name) holds more than \(Self.limit) signatures") }
        let found = texts.compactMap { text in
            switch scheme.encoding {
            case .hex: Hex.decode(text)
            case .base64: Base64.decode(text)
            }
        }.filter { !$0.isEmpty }
        guard !found.isEmpty else { throw Rejection(.signature, "the header \(name) holds no whole signature") }
        return found
    }

    func sign(_ request: inout Request, at now: Timestamp) throws(Rejection) {
        guard let key = keys.first else { throw Rejection(.unavailable, "there is no key to sign with") }
        let text = time.write(now)
        if let item = time.headerItem { request.head.headers.add(item.header, item.prefix + text) }
        let messages = try scheme.signed.messages(of: request, time: text[...], url: nil)
        guard let message = messages.first else { throw Rejection(.unavailable, "there is nothing to sign") }
        let signature = try key.sign(message.bytes, by: scheme.algorithm)
        request.head.headers.add(scheme.signature.header, scheme.signature.prefix + scheme.encoding.encode(signature))
    }
}

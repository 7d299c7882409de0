// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// A JSON Web Token in its compact form (RFC 7515 and 7519), taken apart and not yet believed.
struct SignedToken: Sendable {
    /// More than any provider's.
    static let limit = 16 << 10

    let algorithm: String
    /// Which of the signer's keys it names; only a hint.
    let keyID: String?
    let claims: JSONValue
    /// What the signature covers: the first two parts as they were sent.
    let signed: [UInt8]
    let signature: [UInt8]

    /// Nil for anything but three parts of base64 in the URL alphabet without padding, the first two of them JSON objects. A header that
    /// asks for more than we know to do (`crit`) is none either.
    init?(_ text: some StringProtocol) {
        let text = Array(text.utf8)
        guard text.count <= Self.limit else { return nil }
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.object(parts[0]), let claims = Self.object(parts[1]),
            let signature = Base64URL.decode(String(decoding: parts[2], as: UTF8.self)), !signature.isEmpty
        else { return nil }
        guard let algorithm = header["alg"]?.string, header["crit"] == nil else { return nil }
        self.algorithm = algorithm
        keyID = header["kid"]?.string
        self.claims = claims
        signed = Array(text.prefix(parts[0].count + 1 + parts[1].count))
        self.signature = signature
    }

    /// A token to be signed.
    init(algorithm: String, claims: JSONValue) {
        var header = JSONWriter(capacity: 64)
        header.value(.object(["alg": .string(algorithm), "typ": .string("JWT")]))
        var body = JSONWriter(capacity: 256)
        body.value(claims)
        self.algorithm = algorithm
        keyID = nil
        self.claims = claims
        signed = Array((Base64URL.encode(header.bytes) + "." + Base64URL.encode(body.bytes)).utf8)
        signature = []
    }

    func text(with signature: [UInt8]) -> String {
        String(decoding: signed, as: UTF8.self) + "." + Base64URL.encode(signature)
    }

    private static func object(_ part: ArraySlice<UInt8>) -> JSONValue? {
        guard let bytes = Base64URL.decode(String(decoding: part, as: UTF8.self)),
            let value = try? JSONValue(parsing: bytes, depthLimit: 16), value.members != nil
        else { return nil }
        return value
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaModel
internal import FlotillaRuntime

/// How a provider writes its public key. Any of the forms is read wherever it is named or marked; PEM always. Whoever stands in for the
/// provider gives the private key instead.
enum PublicKeyForm: Sendable {
    /// 64 hexadecimal digits of Ed25519.
    case hex
    /// `whpk_` and base64 of Ed25519, as Standard Webhooks writes it.
    case whpk
    /// Base64 of a SubjectPublicKeyInfo on P-256, without the lines of PEM.
    case spki

    var meaning: String {
        switch self {
        case .hex: "the provider's public key, 64 hexadecimal digits, or in PEM"
        case .whpk: "the sender's public key, whpk_ and base64, or in PEM"
        case .spki: "the provider's public key, one line of base64, or in PEM"
        }
    }

    /// One for each key, in their order. At least one.
    func keys(of keys: [HookKey], for algorithm: SignatureAlgorithm) throws(HookFault) -> [SignatureKey] {
        guard !keys.isEmpty else { throw .noKey }
        var all: [SignatureKey] = []
        for key in keys {
            guard !key.text.isEmpty else { throw .emptyKey }
            let read: SignatureKey
            do throws(CryptoFailure) { read = try self.key(of: key) } catch { throw HookFault(.keys, "is not \(meaning)") }
            guard read.publicKey.kind == algorithm.key else { throw .otherKind }
            all.append(read)
        }
        return all
    }

    private func key(of key: HookKey) throws(CryptoFailure) -> SignatureKey {
        let text = key.text.expose()
        if text.contains(SignatureKey.pemMark) { return try SignatureKey(pem: Array(text.utf8)) }
        switch (key.kind, self) {
        case (.ed25519Hex, _), (.provided, .hex), (.utf8, .hex):
            return SignatureKey(try PublicKey(ed25519: Hex.decode(text.lowercased()) ?? []))
        case (.whpkEd25519, _), (.provided, .whpk), (.utf8, .whpk):
            return try Self.marked(text)
        case (.p256SPKI, _), (.provided, .spki), (.utf8, .spki):
            return SignatureKey(try PublicKey(spki: Base64.decode(text) ?? []))
        default:
            throw .malformed("the key is of another kind")
        }
    }

    /// Base64 behind `whpk_`, or behind `whsk_` the private half, perhaps with the public one behind it. Padding may be left out.
    private static func marked(_ text: String) throws(CryptoFailure) -> SignatureKey {
        let isPrivate = text.hasPrefix("whsk_")
        var encoded = isPrivate || text.hasPrefix("whpk_") ? String(text.dropFirst(5)) : text
        while !encoded.utf8.count.isMultiple(of: 4) { encoded += "=" }
        let bytes = Base64.decode(encoded) ?? []
        guard isPrivate else { return SignatureKey(try PublicKey(ed25519: bytes)) }
        return SignatureKey(try PrivateKey(ed25519: bytes.count == 64 ? Array(bytes.prefix(32)) : bytes))
    }
}

/// A key that a hook verifies with, and signs with where it was given the private half.
struct SignatureKey: Sendable {
    static let pemMark = "-----BEGIN "

    let publicKey: PublicKey
    let privateKey: PrivateKey?

    init(_ key: PublicKey) {
        publicKey = key
        privateKey = nil
    }

    init(_ key: PrivateKey) {
        publicKey = key.publicKey
        privateKey = key
    }

    /// Text in PEM: a key of either half, or a certificate.
    init(pem text: [UInt8]) throws(CryptoFailure) {
        if let key = try? PrivateKey(pem: text) {
            self.init(key)
        } else if let key = try? PublicKey(pem: text) {
            self.init(key)
        } else {
            guard let first = try Certificate.list(pem: text).first else { throw .malformed("the text holds no certificate in PEM") }
            self.init(try first.publicKey())
        }
    }

    func verifies(_ signature: [UInt8], of message: [[UInt8]], by algorithm: SignatureAlgorithm) throws(Rejection) -> Bool {
        do {
            return try publicKey.verifies(signature, of: message, by: algorithm)
        } catch {
            throw Rejection(.unavailable, "the signature can't be verified now")
        }
    }

    func sign(_ message: [[UInt8]], by algorithm: SignatureAlgorithm) throws(Rejection) -> [UInt8] {
        guard let privateKey else {
            throw Rejection(
                .unavailable, "the hook knows only the public key: to sign as the provider it has to be given a private one in PEM")
        }
        do {
            return try privateKey.sign(message, by: algorithm)
        } catch {
            throw Rejection(.unavailable, "the signature can't be computed now")
        }
    }
}

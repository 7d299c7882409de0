// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// The half of a pair of keys that everybody may know: made once when a hook is configured, verifies for any thread, freed with it.
package final class PublicKey: Sendable {
    package let kind: KeyKind
    private let handle: KeyHandle

    init(_ handle: KeyHandle) {
        self.handle = handle
        kind = handle.kind
    }

    /// The 32 bytes of an Ed25519 key (RFC 8032).
    package convenience init(ed25519 bytes: [UInt8]) throws(CryptoFailure) {
        self.init(
            try ErrorQueue.leavingNone { () throws(CryptoFailure) in
                guard bytes.count == 32, let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count) else {
                    throw .malformed("a public key of Ed25519 has 32 bytes")
                }
                return try KeyHandle(owning: key)
            })
    }

    /// A SubjectPublicKeyInfo in DER (RFC 5280), of any of our kinds, with nothing behind it.
    package convenience init(spki bytes: [UInt8]) throws(CryptoFailure) {
        self.init(
            try ErrorQueue.leavingNone { () throws(CryptoFailure) in
                let key = bytes.withUnsafeBufferPointer { buffer -> OpaquePointer? in
                    var place = buffer.baseAddress
                    guard let key = d2i_PUBKEY(nil, &place, buffer.count) else { return nil }
                    guard let start = buffer.baseAddress, place == start + buffer.count else {
                        EVP_PKEY_free(key)
                        return nil
                    }
                    return key
                }
                guard let key else { throw .malformed("the key is not a SubjectPublicKeyInfo in DER") }
                return try KeyHandle(owning: key)
            })
    }

    /// Text of the kind `-----BEGIN PUBLIC KEY-----`.
    package convenience init(pem text: [UInt8]) throws(CryptoFailure) {
        self.init(
            try ErrorQueue.leavingNone { () throws(CryptoFailure) in
                guard let key = try PEMReader(text).publicKey() else { throw .malformed("the text holds no public key in PEM") }
                return try KeyHandle(owning: key)
            })
    }

    /// Both numbers of an RSA key, the highest byte first, as a JSON Web Key writes them.
    package convenience init(rsaModulus modulus: [UInt8], exponent: [UInt8]) throws(CryptoFailure) {
        self.init(try ErrorQueue.leavingNone { () throws(CryptoFailure) in try RSANumbers(modulus: modulus, exponent: exponent).key() })
    }

    /// Whether the signature is of these parts, one after the other, by this key's other half. A signature that is not even one, and an
    /// algorithm for another kind of key, are no.
    package func verifies(_ signature: [UInt8], of message: [[UInt8]], by algorithm: SignatureAlgorithm) throws(CryptoFailure) -> Bool {
        guard algorithm.key == kind else { return false }
        return try ErrorQueue.leavingNone { () throws(CryptoFailure) in
            let run = try SigningContext(handle, algorithm, .verify)
            guard algorithm != .ed25519 else { return run.verify(signature, of: Array(message.joined())) }
            for part in message { try run.update(part) }
            return run.verify(signature)
        }
    }
}

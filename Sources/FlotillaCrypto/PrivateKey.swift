// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// The half that signs. The fleet has one only to stand in for a provider: samples that are sent to a hook, and tests.
package final class PrivateKey: Sendable {
    package let publicKey: PublicKey
    private let handle: KeyHandle

    private init(_ handle: KeyHandle) throws(CryptoFailure) {
        self.handle = handle
        publicKey = try Self.publicHalf(of: handle)
    }

    /// The 32 bytes of an Ed25519 secret (RFC 8032).
    package convenience init(ed25519 seed: [UInt8]) throws(CryptoFailure) {
        try self.init(
            try ErrorQueue.leavingNone { () throws(CryptoFailure) in
                guard seed.count == 32, let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count) else {
                    throw .malformed("a private key of Ed25519 has 32 bytes")
                }
                return try KeyHandle(owning: key)
            })
    }

    /// Text of the kind `-----BEGIN PRIVATE KEY-----`, not encrypted.
    package convenience init(pem text: [UInt8]) throws(CryptoFailure) {
        try self.init(
            try ErrorQueue.leavingNone { () throws(CryptoFailure) in
                let reader = try PEMReader(text)
                guard let key = reader.privateKey() else { throw .malformed("the text holds no private key in PEM") }
                return try KeyHandle(owning: key)
            })
    }

    package func sign(_ message: [[UInt8]], by algorithm: SignatureAlgorithm) throws(CryptoFailure) -> [UInt8] {
        guard algorithm.key == handle.kind else { throw .malformed("the key is for another algorithm") }
        return try ErrorQueue.leavingNone { () throws(CryptoFailure) in
            try SigningContext(handle, algorithm, .sign).sign(Array(message.joined()))
        }
    }

    private static func publicHalf(of handle: KeyHandle) throws(CryptoFailure) -> PublicKey {
        var der: UnsafeMutablePointer<UInt8>?
        let length = i2d_PUBKEY(handle.pointer, &der)
        defer { CRYPTO_free(der, nil, 0) }
        guard length > 0, let der else { throw .failed("i2d_PUBKEY") }
        return try PublicKey(spki: Array(UnsafeBufferPointer(start: der, count: Int(length))))
    }
}

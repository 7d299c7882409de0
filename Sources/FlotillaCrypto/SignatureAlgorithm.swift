// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// A way to sign with a pair of keys. Whoever verifies names it: what a message says of itself is compared with it, never believed.
package enum SignatureAlgorithm: Sendable, CaseIterable {
    /// RFC 8032, over the message itself; a signature of 64 bytes.
    case ed25519
    /// ECDSA on P-256 over SHA-256; a signature in DER.
    case ecdsaP256SHA256
    /// RSASSA-PKCS1-v1_5 (RFC 8017) over SHA-256.
    case rsaSHA256
    /// The same over SHA-1, for what still signs so.
    case rsaSHA1

    package var key: KeyKind {
        switch self {
        case .ed25519: .ed25519
        case .ecdsaP256SHA256: .p256
        case .rsaSHA256, .rsaSHA1: .rsa
        }
    }

    var digest: OpaquePointer? {
        switch self {
        case .ed25519: nil
        case .ecdsaP256SHA256, .rsaSHA256: EVP_sha256()
        case .rsaSHA1: EVP_sha1()
        }
    }
}

package enum KeyKind: String, Sendable, CaseIterable {
    case ed25519 = "Ed25519"
    case p256 = "P-256"
    case rsa = "RSA"
}

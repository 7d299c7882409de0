// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// A key of libcrypto, public or with its private half. Takes over the reference it is made with, whatever becomes of `init`, and frees
/// it at the end; refuses what is not one of our kinds, or too weak or too large to be believed.
///
/// Sendable because libcrypto only reads the key after `init`: what a verification writes is in a context of its own.
final class KeyHandle: @unchecked Sendable {
    static let rsaBits = 2048...8192

    let pointer: OpaquePointer
    let kind: KeyKind

    init(owning pointer: OpaquePointer) throws(CryptoFailure) {
        do {
            kind = try Self.kind(of: pointer)
        } catch {
            // `deinit` is only for what came to be.
            EVP_PKEY_free(pointer)
            throw error
        }
        self.pointer = pointer
    }

    deinit {
        EVP_PKEY_free(pointer)
    }

    private static func kind(of pointer: OpaquePointer) throws(CryptoFailure) -> KeyKind {
        switch EVP_PKEY_get_base_id(pointer) {
        case EVP_PKEY_ED25519:
            return .ed25519
        case EVP_PKEY_EC:
            var name = [CChar](repeating: 0, count: 64)
            var length = 0
            guard EVP_PKEY_get_group_name(pointer, &name, name.count, &length) == 1,
                name.prefix(length).elementsEqual("prime256v1".utf8.map { CChar($0) })
            else { throw .malformed("the elliptic curve of the key is not P-256") }
            return .p256
        case EVP_PKEY_RSA:
            guard rsaBits.contains(Int(EVP_PKEY_get_bits(pointer))) else {
                throw .malformed("an RSA key must have \(rsaBits.lowerBound) to \(rsaBits.upperBound) bits")
            }
            guard exponentIsUsable(of: pointer) else { throw .malformed("the exponent of the RSA key is not one") }
            return .rsa
        default:
            throw .malformed("the key is none of Ed25519, P-256 and RSA")
        }
    }

    /// With 1 every message would be its own signature.
    private static func exponentIsUsable(of pointer: OpaquePointer) -> Bool {
        var exponent: OpaquePointer?
        defer { BN_free(exponent) }
        return EVP_PKEY_get_bn_param(pointer, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 && BN_is_odd(exponent) == 1 && BN_is_one(exponent) == 0
    }
}

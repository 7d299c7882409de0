// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// One signature being made or verified. Frees its context at the end; the key must outlive it, and does: the context refers to it.
final class SigningContext {
    enum Direction { case sign, verify }

    private let context: OpaquePointer

    init(_ key: KeyHandle, _ algorithm: SignatureAlgorithm, _ direction: Direction) throws(CryptoFailure) {
        guard let context = EVP_MD_CTX_new() else { throw .failed("EVP_MD_CTX_new") }
        self.context = context
        // Belongs to `context`, and is freed with it.
        var details: OpaquePointer?
        let ready =
            switch direction {
            case .sign: EVP_DigestSignInit(context, &details, algorithm.digest, nil, key.pointer)
            case .verify: EVP_DigestVerifyInit(context, &details, algorithm.digest, nil, key.pointer)
            }
        guard ready == 1 else { throw .failed("EVP_DigestVerifyInit") }
        guard key.kind != .rsa || EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PADDING) == 1 else {
            throw .failed("EVP_PKEY_CTX_set_rsa_padding")
        }
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    func update(_ part: [UInt8]) throws(CryptoFailure) {
        guard EVP_DigestVerifyUpdate(context, part, part.count) == 1 else { throw .failed("EVP_DigestVerifyUpdate") }
    }

    /// Ends what `update` was given. Below 1 the signature is wrong, or nothing that could be one.
    func verify(_ signature: [UInt8]) -> Bool {
        EVP_DigestVerifyFinal(context, signature, signature.count) == 1
    }

    /// At once: Ed25519 reads the message twice.
    func verify(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    func sign(_ message: [UInt8]) throws(CryptoFailure) -> [UInt8] {
        var length = 0
        guard EVP_DigestSign(context, nil, &length, message, message.count) == 1 else { throw .failed("EVP_DigestSign") }
        var signature = [UInt8](repeating: 0, count: length)
        guard EVP_DigestSign(context, &signature, &length, message, message.count) == 1, length <= signature.count else {
            throw .failed("EVP_DigestSign")
        }
        return Array(signature.prefix(length))
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// AES-256 in Galois/Counter mode (NIST SP 800-38D): what is sealed can be read with the key alone, and any change of it, or of the
/// associated bytes it was sealed with, is found out. A sealed message is a fresh random nonce of 12 bytes, the ciphertext, and a tag of 16.
///
/// Random nonces allow some 2^32 messages under one key; a vault's columns stay far below that.
package enum AESGCM {
    package static let keyLength = 32
    static let nonceLength = 12
    static let tagLength = 16
    /// How much longer a sealed message is than a plain one.
    package static let overhead = nonceLength + tagLength

    package static func seal(_ plain: [UInt8], key: [UInt8], associated: [UInt8]) throws(CryptoFailure) -> [UInt8] {
        let nonce = try Random.bytes(nonceLength)
        return try ErrorQueue.leavingNone { () throws(CryptoFailure) in
            let cipher = try CipherContext(.seal, key: key, nonce: nonce)
            try cipher.authenticate(associated)
            let text = try cipher.update(plain)
            try cipher.finish()
            return nonce + text + (try cipher.tag())
        }
    }

    /// Throws `notAuthentic` for whatever `seal` did not make with this key and these associated bytes.
    package static func open(_ sealed: [UInt8], key: [UInt8], associated: [UInt8]) throws(CryptoFailure) -> [UInt8] {
        guard sealed.count >= overhead else { throw .notAuthentic }
        let text = Array(sealed[nonceLength..<(sealed.count - tagLength)])
        return try ErrorQueue.leavingNone { () throws(CryptoFailure) in
            let cipher = try CipherContext(.open, key: key, nonce: Array(sealed.prefix(nonceLength)))
            try cipher.authenticate(associated)
            let plain = try cipher.update(text)
            try cipher.expect(tag: Array(sealed.suffix(tagLength)))
            // Nothing of `plain` leaves before this has found the tag right.
            do { try cipher.finish() } catch { throw .notAuthentic }
            return plain
        }
    }
}

/// One run of the cipher over one message. Frees, and so wipes, its context at the end.
private final class CipherContext {
    enum Direction: Int32 {
        case open = 0
        case seal = 1
    }

    private let context: OpaquePointer

    init(_ direction: Direction, key: [UInt8], nonce: [UInt8]) throws(CryptoFailure) {
        guard key.count == AESGCM.keyLength else { throw .malformed("a key of AES-256 has \(AESGCM.keyLength) bytes") }
        guard let context = EVP_CIPHER_CTX_new() else { throw .failed("EVP_CIPHER_CTX_new") }
        self.context = context
        guard EVP_CipherInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce, direction.rawValue) == 1 else {
            throw .failed("EVP_CipherInit_ex")
        }
    }

    deinit {
        EVP_CIPHER_CTX_free(context)
    }

    func authenticate(_ bytes: [UInt8]) throws(CryptoFailure) {
        let count = try counted(bytes)
        var length: Int32 = 0
        guard count == 0 || EVP_CipherUpdate(context, nil, &length, bytes, count) == 1 else { throw .failed("EVP_CipherUpdate") }
    }

    /// In this mode the text is as long as what it is made of.
    func update(_ bytes: [UInt8]) throws(CryptoFailure) -> [UInt8] {
        let count = try counted(bytes)
        guard count > 0 else { return [] }
        var done = false
        let text = [UInt8](unsafeUninitializedCapacity: bytes.count) { buffer, filled in
            var length: Int32 = 0
            done = EVP_CipherUpdate(context, buffer.baseAddress, &length, bytes, count) == 1 && length == count
            filled = done ? bytes.count : 0
        }
        guard done else { throw .failed("EVP_CipherUpdate") }
        return text
    }

    func finish() throws(CryptoFailure) {
        // Writes nothing in this mode, but wants to be told where.
        var rest = [UInt8](repeating: 0, count: AESGCM.tagLength)
        var length: Int32 = 0
        guard EVP_CipherFinal_ex(context, &rest, &length) == 1, length == 0 else { throw .failed("EVP_CipherFinal_ex") }
    }

    func tag() throws(CryptoFailure) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: AESGCM.tagLength)
        guard EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tag.count), &tag) == 1 else { throw .failed("EVP_CIPHER_CTX_ctrl") }
        return tag
    }

    func expect(tag: [UInt8]) throws(CryptoFailure) {
        var tag = tag
        guard EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag) == 1 else { throw .failed("EVP_CIPHER_CTX_ctrl") }
    }

    private func counted(_ bytes: [UInt8]) throws(CryptoFailure) -> Int32 {
        guard let count = Int32(exactly: bytes.count) else { throw .malformed("a message of AES-GCM ends at 2 GB here") }
        return count
    }
}

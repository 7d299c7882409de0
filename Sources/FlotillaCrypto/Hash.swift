// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// One running hash: begins as a copy of a state, is fed part by part, ends in `finish`. A call of libcrypto that
/// fails (it has no memory left) is remembered and thrown at the end, so that a half-fed hash never passes for a whole one.
package struct Hash: ~Copyable {
    private let context: OpaquePointer?
    private let algorithm: HashAlgorithm
    private var intact: Bool

    init(from state: HashState) {
        algorithm = state.algorithm
        context = EVP_MD_CTX_new()
        intact = context != nil && EVP_MD_CTX_copy_ex(context, state.context) == 1
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard intact else { return }
        intact = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1
    }

    package mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    package mutating func update(_ text: some StringProtocol) {
        let fed: Void? = text.utf8.withContiguousStorageIfAvailable { update(UnsafeRawBufferPointer($0)) }
        if fed == nil { update(Array(text.utf8)) }
    }

    package consuming func finish() throws(CryptoFailure) -> [UInt8] {
        try end()
    }

    /// Ends this hash and hashes its digest behind `outer`: the second half of HMAC, in the same context.
    consuming func finish(inside outer: HashState) throws(CryptoFailure) -> [UInt8] {
        let inner = try end()
        intact = EVP_MD_CTX_copy_ex(context, outer.context) == 1
        update(inner)
        return try end()
    }

    private func end() throws(CryptoFailure) -> [UInt8] {
        guard intact else { throw .failed("EVP_DigestUpdate") }
        var done = false
        let digest = [UInt8](unsafeUninitializedCapacity: algorithm.digestLength) { buffer, count in
            done = EVP_DigestFinal_ex(context, buffer.baseAddress, nil) == 1
            count = done ? algorithm.digestLength : 0
        }
        guard done else { throw .failed("EVP_DigestFinal_ex") }
        return digest
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

package enum HashAlgorithm: String, Sendable, CaseIterable {
    case sha1, sha256, sha512

    package var digestLength: Int {
        switch self {
        case .sha1: 20
        case .sha256: 32
        case .sha512: 64
        }
    }

    /// Bytes of one block of the hash, which HMAC pads its key to.
    var blockLength: Int {
        switch self {
        case .sha1, .sha256: 64
        case .sha512: 128
        }
    }
}

/// A hash that stands at a certain point: at the start, or behind the padded key of an HMAC. Made once, then only
/// copied from: asking libcrypto for an algorithm by name costs more than hashing 1 KB. Frees its context at the end.
///
/// Sendable because the context is never written after `init`: libcrypto's copy only reads its source.
final class HashState: @unchecked Sendable {
    let algorithm: HashAlgorithm
    let context: OpaquePointer

    init(_ algorithm: HashAlgorithm, after prefix: [UInt8] = []) throws(CryptoFailure) {
        guard let kind = EVP_MD_fetch(nil, algorithm.rawValue, nil) else { throw .unavailable(algorithm.rawValue) }
        defer { EVP_MD_free(kind) }
        guard let context = EVP_MD_CTX_new() else { throw .failed("EVP_MD_CTX_new") }
        guard EVP_DigestInit_ex(context, kind, nil) == 1, EVP_DigestUpdate(context, prefix, prefix.count) == 1 else {
            EVP_MD_CTX_free(context)
            throw .failed("EVP_DigestInit_ex")
        }
        self.algorithm = algorithm
        self.context = context
    }

    deinit {
        EVP_MD_CTX_free(context)
    }
}

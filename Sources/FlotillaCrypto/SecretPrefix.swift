// SPDX-License-Identifier: Apache-2.0

/// One secret that is hashed in front of each message: what providers did before they knew HMAC. Made once when a hook is
/// configured, used by every request from any thread.
///
/// Whoever knows one such code can compute the code of a longer message (length extension); it is only here because some
/// providers still sign so.
package final class SecretPrefix: Sendable {
    private let start: HashState

    package init(_ secret: [UInt8], _ algorithm: HashAlgorithm = .sha256) throws(CryptoFailure) {
        start = try HashState(algorithm, after: secret)
    }

    /// The hash of the secret and whatever `feed` gives behind it.
    package func code(_ feed: (inout Hash) -> Void) throws(CryptoFailure) -> [UInt8] {
        var hash = Hash(from: start)
        feed(&hash)
        return try hash.finish()
    }
}

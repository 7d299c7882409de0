// SPDX-License-Identifier: Apache-2.0

/// Plain hashes of what is at hand, part after part without joining them.
package enum Digest {
    private static let start = Result { () throws(CryptoFailure) in try HashState(.sha256) }

    package static func sha256(_ parts: [UInt8]...) throws(CryptoFailure) -> [UInt8] {
        try sha256 { hash in
            for part in parts { hash.update(part) }
        }
    }

    /// The digest of whatever `feed` gives to the hash.
    package static func sha256(_ feed: (inout Hash) -> Void) throws(CryptoFailure) -> [UInt8] {
        var hash = Hash(from: try start.get())
        feed(&hash)
        return try hash.finish()
    }
}

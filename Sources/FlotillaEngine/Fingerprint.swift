// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto

/// The first half of a SHA-256 over several parts, which stands for them for ever. A provider chooses ids, so that a weaker hash could be
/// made to collide. Lengths are hashed too, so that no two sequences of parts read the same.
enum Fingerprint {
    static func bytes(of parts: [some Collection<UInt8>]) throws -> ArraySlice<UInt8> {
        var text: [UInt8] = []
        text.reserveCapacity(parts.reduce(0) { $0 + 4 + $1.count })
        for part in parts {
            withUnsafeBytes(of: UInt32(truncatingIfNeeded: part.count).littleEndian) { text.append(contentsOf: $0) }
            text.append(contentsOf: part)
        }
        return try Digest.sha256(text).prefix(16)
    }
}

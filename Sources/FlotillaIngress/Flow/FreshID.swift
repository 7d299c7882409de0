// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto

/// Ids for what brings none that can be trusted.
package enum FreshID {
    /// 128 random bits in the usual form of a UUID (RFC 9562, version 4).
    package static func make() throws -> String {
        var bytes = try Random.bytes(16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = [bytes[0..<4], bytes[4..<6], bytes[6..<8], bytes[8..<10], bytes[10..<16]]
        return digits.map { Hex.encode($0) }.joined(separator: "-")
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto

/// The first 16 bytes of a SHA-256 over consumer, event source and event id: a provider chooses ids, so that a weaker hash
/// could be made to collide. Lengths are hashed too, so that no two triples read the same.
package struct LedgerKey: Sendable, Hashable, Comparable {
    private let high: UInt64
    private let low: UInt64

    package init(consumer: String, source: String, id: String) throws {
        var text: [UInt8] = []
        text.reserveCapacity(consumer.utf8.count + source.utf8.count + id.utf8.count + 12)
        for part in [consumer, source, id] {
            withUnsafeBytes(of: UInt32(truncatingIfNeeded: part.utf8.count).littleEndian) { text.append(contentsOf: $0) }
            text.append(contentsOf: part.utf8)
        }
        let digest = try Digest.sha256(text)
        high = Self.word(digest.prefix(8))
        low = Self.word(digest.dropFirst(8).prefix(8))
    }

    /// As a store has kept it; nil when that is no key.
    package init?(stored bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 16 else { return nil }
        high = UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
        low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }

    /// The 16 bytes, as stores keep them.
    package var bytes: [UInt8] {
        [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
    }

    /// The same 16 bytes without an allocation.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { try body($0) }
    }

    /// The first `count` bits, of 64 at most.
    package func leading(bits count: Int) -> UInt64 { count == 0 ? 0 : high >> (64 - UInt64(count)) }

    /// As their bytes are ordered: whoever locks several does it in this order.
    package static func < (left: LedgerKey, right: LedgerKey) -> Bool {
        left.high == right.high ? left.low < right.low : left.high < right.high
    }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// What a ledger knows an event by: the fingerprint of consumer, event source and event id.
package struct LedgerKey: Sendable, Hashable, Comparable {
    private let high: UInt64
    private let low: UInt64

    package init(consumer: String, source: String, id: String) throws {
        let bytes = try Fingerprint.bytes(of: [consumer.utf8, source.utf8, id.utf8])
        high = Self.word(bytes.prefix(8))
        low = Self.word(bytes.suffix(8))
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

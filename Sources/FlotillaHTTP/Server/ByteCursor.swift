// SPDX-License-Identifier: Apache-2.0

/// Received bytes and how many of them the parser has taken. It lives for one call, over memory that somebody else holds.
package struct ByteCursor {
    let bytes: UnsafeRawBufferPointer
    package private(set) var taken = 0

    package init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var rest: UnsafeRawBufferPointer { bytes.part(taken..<bytes.count) }

    /// At most `limit` bytes of the rest.
    func front(_ limit: Int) -> UnsafeRawBufferPointer { bytes.part(taken..<min(bytes.count, taken + limit)) }

    var remaining: Int { bytes.count - taken }

    mutating func take(_ count: Int) { taken += count }
}

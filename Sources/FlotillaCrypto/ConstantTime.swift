// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// Whether two codes are the same, in a time that tells nothing of where they differ. Their lengths are no secret.
package func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return CRYPTO_memcmp(left, right, left.count) == 0
}

/// The same for codes as they are written: in one spelling only.
package func constantTimeEquals(_ left: Substring, _ right: String) -> Bool {
    guard left.utf8.count == right.utf8.count else { return false }
    let verdict = left.utf8.withContiguousStorageIfAvailable { left in
        right.utf8.withContiguousStorageIfAvailable { CRYPTO_memcmp(left.baseAddress, $0.baseAddress, left.count) == 0 }
    }
    return (verdict ?? nil) ?? constantTimeEquals(Array(left.utf8), Array(right.utf8))
}

// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// Whether two codes are the same, in a time that tells nothing of where they differ. Their lengths are no secret.
package func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return CRYPTO_memcmp(left, right, left.count) == 0
}

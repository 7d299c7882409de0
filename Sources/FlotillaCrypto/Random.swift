// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// Bytes that nobody can guess.
package enum Random {
    package static func bytes(_ count: Int) throws(CryptoFailure) -> [UInt8] {
        guard count >= 0, count <= Int(Int32.max) else { throw .failed("RAND_bytes") }
        var drawn = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            drawn = RAND_bytes(buffer.baseAddress, Int32(count)) == 1
            filled = drawn ? count : 0
        }
        guard drawn else { throw .failed("RAND_bytes") }
        return bytes
    }
}

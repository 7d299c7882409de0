// SPDX-License-Identifier: Apache-2.0

/// CRC-32 of IEEE 802.3, as zip and PNG have it: against accidents, no protection from anybody. Neither libcrypto nor any other library
/// that the fleet links offers it.
package enum Checksum {
    private static let table: [UInt32] = (0..<256).map { start in
        (0..<8).reduce(UInt32(start)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }

    package static func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~table.withUnsafeBufferPointer { table in
            bytes.reduce(~0) { $0 >> 8 ^ table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
        }
    }
}

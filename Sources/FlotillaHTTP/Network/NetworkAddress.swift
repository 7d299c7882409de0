// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// The address of a machine. IPv4 lies inside IPv6 (`::ffff:a.b.c.d`), as a socket for both hands it out: so one address is one value,
/// whichever way it came.
package struct NetworkAddress: Sendable, Hashable {
    /// The 128 bits in their order.
    let high: UInt64
    let low: UInt64

    /// Of a request that came over no network.
    package static let unknown = NetworkAddress(high: 0, low: 0)

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A literal address without brackets, port or zone; nil for anything else.
    package init?(_ text: some StringProtocol) {
        // The longest address has 45 characters: what a network sends is not copied whatever its length.
        guard (2...45).contains(text.utf8.count), !text.utf8.contains(0) else { return nil }
        let text = String(text)
        if text.utf8.contains(UInt8(ascii: ":")) {
            var address = in6_addr()
            guard inet_pton(AF_INET6, text, &address) == 1 else { return nil }
            self.init(address)
        } else {
            var address = in_addr()
            guard inet_pton(AF_INET, text, &address) == 1 else { return nil }
            self.init(address)
        }
    }

    package var isVersion4: Bool { high == 0 && low >> 32 == 0xFFFF }

    private init(_ address: in_addr) {
        self.init(high: 0, low: 0xFFFF << 32 | UInt64(UInt32(bigEndian: address.s_addr)))
    }

    private init(_ address: in6_addr) {
        self = withUnsafeBytes(of: address) { bytes in
            NetworkAddress(
                high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        }
    }

    /// What accept(2) tells of the other side.
    init(_ storage: sockaddr_storage) {
        self = withUnsafeBytes(of: storage) { bytes in
            switch Int32(storage.ss_family) {
            case AF_INET: NetworkAddress(bytes.load(as: sockaddr_in.self).sin_addr)
            case AF_INET6: NetworkAddress(bytes.load(as: sockaddr_in6.self).sin6_addr)
            default: .unknown
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A block of addresses as people write it: `192.0.2.0/24`, `2001:db8::/32`, or one address alone.
package struct Network: Sendable, Hashable {
    private let first: NetworkAddress
    /// Of the 128 bits, how many are fixed.
    private let bits: Int

    /// Nil when it is none, or when bits are set behind the prefix: that is a slip whose meaning would have to be guessed.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first.flatMap({ NetworkAddress($0) }) else { return nil }
        let offset = address.isVersion4 ? 96 : 0
        var bits = 128
        if parts.count > 1 {
            guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy(\.isDigit), let length = Int(parts[1]) else { return nil }
            bits = offset + length
        }
        guard bits <= 128, address.prefix(bits) == address else { return nil }
        first = address
        self.bits = bits
    }

    package func contains(_ address: NetworkAddress) -> Bool { address.prefix(bits) == first }
}

extension NetworkAddress {
    /// The address with all but the first `bits` of its 128 bits cleared: its network's name.
    package func prefix(_ bits: Int) -> NetworkAddress {
        // A shift by the whole width is 0 in Swift.
        NetworkAddress(high: high & ~(UInt64.max >> min(64, bits)), low: low & ~(UInt64.max >> max(0, bits - 64)))
    }
}

/// Networks of one purpose: those of a hook's provider, those of our own proxies.
package struct NetworkList: Sendable, Equatable {
    private let networks: [Network]

    package init(_ networks: [Network] = []) {
        self.networks = networks
    }

    /// Separated by commas, spaces or lines; nil when one of them is none, or there is none at all.
    package init?(_ text: String) {
        let words = text.split { $0 == "," || $0.isWhitespace }
        let networks = words.compactMap { Network($0) }
        guard !words.isEmpty, networks.count == words.count else { return nil }
        self.networks = networks
    }

    package var isEmpty: Bool { networks.isEmpty }

    package func contains(_ address: NetworkAddress) -> Bool {
        for network in networks where network.contains(address) { return true }
        return false
    }

    package static let expected = "networks such as 192.0.2.0/24 or 2001:db8::/32, without bits behind the prefix"
}

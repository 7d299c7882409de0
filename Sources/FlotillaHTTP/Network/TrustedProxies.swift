// SPDX-License-Identifier: Apache-2.0

/// Finds out where a request began. A proxy of ours appends the address that it saw to a header; whatever stands left of that may be
/// forged. So the chain is read from its right end, and the first address that is not one of our proxies is the sender's.
///
/// Only one header is believed: the other one might pass a proxy untouched, as the sender wrote it.
package struct TrustedProxies: Sendable {
    package enum Header: String, Sendable, CaseIterable {
        case forwardedFor = "x-forwarded-for"
        case forwarded
    }

    private let networks: NetworkList
    private let header: Header

    /// Without networks nobody is believed: the sender is the peer.
    package init(_ networks: NetworkList = NetworkList(), header: Header = .forwardedFor) {
        self.networks = networks
        self.header = header
    }

    package func isTrusted(_ address: NetworkAddress) -> Bool { networks.contains(address) }

    /// Of a chain that can't be read to its end, the last proxy that is known. Of one that names only proxies, its first.
    package func source(of head: RequestHead) -> NetworkAddress {
        guard !networks.isEmpty, networks.contains(head.peer) else { return head.peer }
        var source = head.peer
        for value in head.headers.all(header.rawValue).reversed() {
            // From the right, and no further than needed: what stands left may be as long as a header can be.
            var rest = value[...]
            while true {
                let comma = rest.lastIndex(of: ",")
                guard let hop = address(in: comma.map { rest[rest.index(after: $0)...] } ?? rest) else { return source }
                source = hop
                guard networks.contains(hop) else { return source }
                guard let comma else { break }
                rest = rest[..<comma]
            }
        }
        return source
    }

    private func address(in element: Substring) -> NetworkAddress? {
        switch header {
        case .forwardedFor: Self.node(element.trimmed)
        case .forwarded: Self.pairs(of: element).flatMap(Self.node)
        }
    }

    /// The one `for=` of a list of pairs: `for="[2001:db8::1]:4711";proto=https`.
    private static func pairs(of element: Substring) -> Substring? {
        var found: Substring?
        for pair in element.split(separator: ";") {
            let pair = pair.trimmed
            guard pair.prefix(4).lowercased() == "for=" else { continue }
            guard found == nil else { return nil }
            found = pair.dropFirst(4)
        }
        guard let value = found, value.first == "\"" else { return found }
        return value.count > 2 && value.last == "\"" ? value.dropFirst().dropLast() : nil
    }

    /// An address, with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
    private static func node(_ text: Substring) -> NetworkAddress? {
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]"), isPort(text[text.index(after: end)...]) else { return nil }
            return NetworkAddress(text[text.index(after: text.startIndex)..<end])
        }
        guard let colon = text.firstIndex(of: ":"), text[text.index(after: colon)...].firstIndex(of: ":") == nil else {
            return NetworkAddress(text)
        }
        return isPort(text[colon...]) ? NetworkAddress(text[..<colon]) : nil
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty || (text.first == ":" && (2...6).contains(text.utf8.count) && text.utf8.dropFirst().allSatisfy(\.isDigit))
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
        var rest = drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return rest
    }
}

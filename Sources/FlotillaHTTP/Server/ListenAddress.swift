// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// Where a server listens: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, or `:8080` for every IPv4 address. Names are not looked up.
package struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// Without brackets.
    package let host: String
    package let port: UInt16
    private let isVersion6: Bool

    /// Nil when it is no such address; `expected` says what would be.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy(\.isDigit), let port = UInt16(digits) else { return nil }
        let name = text[..<colon]
        if name.first == "[", name.last == "]" {
            host = String(name.dropFirst().dropLast())
            isVersion6 = true
        } else {
            host = name == "localhost" ? "127.0.0.1" : name.isEmpty ? "0.0.0.0" : String(name)
            isVersion6 = false
        }
        self.port = port
        guard withSocketAddress({ _, _ in true }) != nil else { return nil }
    }

    /// Any free port of this machine's loopback.
    package static let anyLocal = ListenAddress(host: "127.0.0.1", port: 0, isVersion6: false)

    package static let expected = "an address and a port, such as 127.0.0.1:8080 or [::1]:8080"

    package var description: String { isVersion6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

    var family: Int32 { isVersion6 ? AF_INET6 : AF_INET }

    /// The same host on another port, for what the kernel chose.
    package func with(port: UInt16) -> ListenAddress { ListenAddress(host: host, port: port, isVersion6: isVersion6) }

    private init(host: String, port: UInt16, isVersion6: Bool) {
        self.host = host
        self.port = port
        self.isVersion6 = isVersion6
    }

    /// Nil when the host is no literal address.
    func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result? {
        if isVersion6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            guard inet_pton(AF_INET6, host, &address.sin6_addr) == 1 else { return nil }
            return Self.rebind(&address, body)
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return nil }
        return Self.rebind(&address, body)
    }

    private static func rebind<Address, Result>(
        _ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<Address>.size)) }
        }
    }
}

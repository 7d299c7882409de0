// SPDX-License-Identifier: Apache-2.0

internal import CPostgres
internal import FlotillaRuntime
internal import Glibc

/// Looks up the addresses of hosts, on a Loop that may block: libpq would do it in the middle of connecting, and hold up whatever else is
/// on its Loop.
final class Resolver: Sendable {
    private let door: Door

    init(_ loop: Loop) {
        door = Door(loop)
    }

    /// Calls `answer` on its own loop: the host's addresses, none where it is not known.
    func resolve(_ name: String, _ answer: @escaping @Sendable ([String]) -> Void) {
        door.post { answer(Self.addresses(of: name)) }
    }

    func close() async { await door.close {} }

    private static func addresses(of name: String) -> [String] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &found) == 0 else { return [] }
        defer { freeaddrinfo(found) }
        var addresses: [String] = []
        var next = found
        while let one = next?.pointee {
            var text = [CChar](repeating: 0, count: 64)
            if getnameinfo(one.ai_addr, one.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 {
                addresses.append(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
            }
            next = one.ai_next
        }
        return addresses
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import Testing

@Suite struct NetworkTests {
    @Test(
        "a network holds the addresses of its block and no others",
        arguments: [
            ("192.0.2.0/24", ["192.0.2.0", "192.0.2.255", "::ffff:192.0.2.7"], ["192.0.1.255", "192.0.3.0", "2001:db8::"]),
            ("192.0.2.7", ["192.0.2.7"], ["192.0.2.6", "192.0.2.8"]),
            ("0.0.0.0/0", ["1.2.3.4", "::ffff:0.0.0.0"], ["::1", "2001:db8::1"]),
            ("10.0.0.0/9", ["10.127.255.255"], ["10.128.0.0"]), ("2001:db8::/32", ["2001:db8:ffff::1"], ["2001:db9::", "192.0.2.1"]),
            ("2001:db8::/64", ["2001:db8::ffff:ffff:ffff:ffff"], ["2001:db8:0:1::"]), ("::1", ["::1", "0:0::1"], ["::", "::2"]),
            ("2001:db8::8000:0:0:0/65", ["2001:db8::8000:0:0:1"], ["2001:db8::7fff:0:0:1"]), ("::/0", ["::1", "1.2.3.4"], []),
        ] as [(String, [String], [String])])
    func holds(_ text: String, _ inside: [String], _ outside: [String]) throws {
        let network = try #require(Network(text))
        for address in inside { #expect(network.contains(try #require(NetworkAddress(address))), "\(address)") }
        for address in outside { #expect(!network.contains(try #require(NetworkAddress(address))), "\(address)") }
    }

    @Test(
        "what is no network, or has bits behind its prefix, is none",
        arguments: [
            "", "/", "192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/24/8", "192.0.2",
            "192.0.2.256",
            "2001:db8::1/64", "2001:db8::/129", "2001:db8::/1000", "::g", "[::1]", "localhost", " 192.0.2.1", "192.0.2.1 ", "fe80::1%eth0",
            "192.0.2.1\0", "0x7f.1", "127.1",
        ])
    func isNone(_ text: String) {
        #expect(Network(text) == nil)
    }
}

/// Who stands behind a proxy. The chain is read from its right end: whatever stands left of the first stranger may be forged.
@Suite struct TrustedProxiesTests {
    private static let networks = NetworkList(["10.0.0.0/8", "2001:db8:1::/48"].compactMap { Network($0) })

    private static func source(_ peer: String, _ header: TrustedProxies.Header, _ fields: [(String, String)]) throws -> NetworkAddress {
        var head = RequestHead(method: "POST", target: "/", headers: Headers(fields.map { (name: $0.0, value: $0.1) }))
        head.peer = try #require(NetworkAddress(peer))
        return TrustedProxies(networks, header: header).source(of: head)
    }

    @Test(
        "the sender is the last address of X-Forwarded-For that is not one of our proxies",
        arguments: [
            ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"), ("10.0.0.1", [], "10.0.0.1"), ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", ["203.0.113.9, 198.51.100.7"], "198.51.100.7"), ("10.0.0.1", ["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", ["198.51.100.7, 10.2.3.4 ,\t10.9.9.9"], "198.51.100.7"),
            ("10.0.0.1", ["198.51.100.7", "10.2.3.4"], "198.51.100.7"),
            ("10.0.0.1", ["10.2.3.4, 10.5.6.7"], "10.2.3.4"), ("10.0.0.1", ["198.51.100.7:4711"], "198.51.100.7"),
            ("10.0.0.1", ["2001:db8::7"], "2001:db8::7"), ("10.0.0.1", ["[2001:db8::7]:443"], "2001:db8::7"),
            ("2001:db8:1::5", ["[2001:db8::7]"], "2001:db8::7"), ("::ffff:10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", [""], "10.0.0.1"), ("10.0.0.1", ["unknown"], "10.0.0.1"), ("10.0.0.1", ["198.51.100.7, nonsense"], "10.0.0.1"),
            ("10.0.0.1", ["198.51.100.7, nonsense, 10.2.3.4"], "10.2.3.4"), ("10.0.0.1", ["198.51.100.7,"], "10.0.0.1"),
            ("10.0.0.1", ["198.51.100.7:x"], "10.0.0.1"), ("10.0.0.1", ["[2001:db8::7"], "10.0.0.1"),
        ] as [(String, [String], String)])
    func forwardedFor(_ peer: String, _ values: [String], _ source: String) throws {
        #expect(try Self.source(peer, .forwardedFor, values.map { ("X-Forwarded-For", $0) }) == NetworkAddress(source))
    }

    @Test(
        "where Forwarded is believed, its elements are read the same way",
        arguments: [
            ("10.0.0.1", ["for=198.51.100.7"], "198.51.100.7"), ("10.0.0.1", ["For=198.51.100.7;proto=https;by=10.0.0.1"], "198.51.100.7"),
            ("10.0.0.1", ["for=203.0.113.9, for=198.51.100.7;host=a, for=10.2.3.4"], "198.51.100.7"),
            ("10.0.0.1", [#"proto=https; for="[2001:db8::7]:4711""#], "2001:db8::7"), ("10.0.0.1", ["for=_hidden"], "10.0.0.1"),
            ("10.0.0.1", ["proto=https"], "10.0.0.1"), ("10.0.0.1", ["for=198.51.100.7;for=203.0.113.9"], "10.0.0.1"),
            ("10.0.0.1", [#"for=""#], "10.0.0.1"), ("10.0.0.1", ["for=198.51.100.7", "for=10.2.3.4"], "198.51.100.7"),
        ] as [(String, [String], String)])
    func forwarded(_ peer: String, _ values: [String], _ source: String) throws {
        #expect(try Self.source(peer, .forwarded, values.map { ("Forwarded", $0) }) == NetworkAddress(source))
    }

    @Test func `the header that is not believed has no say, and without proxies neither has one`() throws {
        #expect(try Self.source("10.0.0.1", .forwardedFor, [("Forwarded", "for=198.51.100.7")]) == NetworkAddress("10.0.0.1"))
        #expect(try Self.source("10.0.0.1", .forwarded, [("X-Forwarded-For", "198.51.100.7")]) == NetworkAddress("10.0.0.1"))
        var head = RequestHead(method: "POST", target: "/", headers: Headers([("X-Forwarded-For", "198.51.100.7")]))
        head.peer = try #require(NetworkAddress("10.0.0.1"))
        #expect(TrustedProxies().source(of: head) == head.peer)
    }
}

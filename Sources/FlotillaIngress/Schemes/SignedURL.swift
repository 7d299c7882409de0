// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP

/// How a provider writes the URL that it signs. The hook's configuration says how the provider reaches it, since behind a proxy
/// a request does not; the query is the request's own.
enum SignedURL: Sendable {
    /// As it was given to the provider, query included.
    case configured
    /// As it was sent.
    case sent
    /// As it was sent, with or without the port that its scheme has anyway.
    case sentWithAnyPort
    /// As it was sent; with the escapes that HubSpot lists undone; with all of them undone.
    case sentOrDecoded

    func writings(of head: RequestHead, at url: String) -> [String] {
        switch self {
        case .configured: return [url]
        case .sent: return [Self.sent(head, at: url)]
        case .sentWithAnyPort: return Self.withAndWithoutPort(Self.sent(head, at: url))
        case .sentOrDecoded:
            let sent = Self.sent(head, at: url)
            let listed = PercentEscapes.decode(sent, where: PercentEscapes.hubSpot.contains)
            let all = PercentEscapes.decode(sent) { _ in true }
            return [sent] + (listed == sent ? [] : [listed]) + (all == listed ? [] : [all])
        }
    }

    private static func sent(_ head: RequestHead, at url: String) -> String {
        let place = url.utf8.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? url.endIndex
        let mark = head.target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? head.target.endIndex
        return String(url[..<place]) + head.target[mark...]
    }

    private static func withAndWithoutPort(_ url: String) -> [String] {
        guard let parts = URLParts(url), let port = parts.defaultPort else { return [url] }
        switch parts.port {
        case nil: return [url, parts.written(port: port)]
        case .some(let own) where own == port: return [url, parts.written(port: nil)]
        case .some: return [url]
        }
    }
}

/// `%2F` and its like.
enum PercentEscapes {
    /// `:` `/` `?` `@` `!` `$` `'` `(` `)` `*` `,` `;`
    static let hubSpot = Set(":/?@!$'()*,;".utf8)

    /// Undoes the escapes of the bytes that are wanted; what is no whole escape stays as it is.
    static func decode(_ text: String, where isWanted: (UInt8) -> Bool) -> String {
        let source = Array(text.utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(source.count)
        var place = 0
        while place < source.count {
            if source[place] == UInt8(ascii: "%"), place + 2 < source.count, let byte = byte(source[place + 1], source[place + 2]),
                isWanted(byte)
            {
                bytes.append(byte)
                place += 3
            } else {
                bytes.append(source[place])
                place += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The byte that two hexadecimal digits of either case stand for.
    static func byte(_ high: UInt8, _ low: UInt8) -> UInt8? {
        guard let high = digit(high), let low = digit(low) else { return nil }
        return high << 4 | low
    }

    private static func digit(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46, 0x61...0x66: (digit | 0x20) - 0x61 + 10
        default: nil
        }
    }
}

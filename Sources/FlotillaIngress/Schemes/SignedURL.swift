// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaRuntime

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

    /// `:` `/` `?` `@` `!` `$` `'` `(` `)` `*` `,` `;`
    private static let hubSpotEscapes = Set(":/?@!$'()*,;".utf8)

    func writings(of head: RequestHead, at url: String) -> [String] {
        switch self {
        case .configured: return [url]
        case .sent: return [Self.sent(head, at: url)]
        case .sentWithAnyPort: return Self.withAndWithoutPort(Self.sent(head, at: url))
        case .sentOrDecoded:
            let sent = Self.sent(head, at: url)
            let listed = PercentEncoding.undo(in: sent, where: Self.hubSpotEscapes.contains)
            let all = PercentEncoding.undo(in: sent) { _ in true }
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

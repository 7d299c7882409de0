// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime

/// One word of `FLOTILLA_LOG_SINKS`, taken apart: `scheme:path?item=value&…`, with %-escapes (a space in a path is `%20`, since
/// spaces separate sinks). A path may be relative; `file:///var/log/x` and `file:/var/log/x` mean the same.
struct SinkURL: Equatable {
    struct Item: Equatable {
        let name: String
        let value: String
    }

    let scheme: String
    /// Between `//` and the path, with whatever else stands there; empty without.
    let host: String
    let path: String
    let items: [Item]

    /// Nil where it has no scheme, or an escape that is none.
    init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else { return nil }
        let rest = text[text.index(after: colon)...]
        let question = rest.firstIndex(of: "?")
        var path = rest[..<(question ?? rest.endIndex)]
        var host: Substring = ""
        if path.hasPrefix("//") {
            host = path.dropFirst(2).prefix { $0 != "/" }
            path = path.dropFirst(2 + host.count)
        }
        var items: [Item] = []
        for pair in question.map({ rest[rest.index(after: $0)...] })?.split(separator: "&") ?? [] {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first.flatMap(PercentEncoding.text), let value = PercentEncoding.text(parts.dropFirst().first ?? "")
            else {
                return nil
            }
            items.append(Item(name: name, value: value))
        }
        guard let plain = PercentEncoding.text(path) else { return nil }
        self.scheme = text[..<colon].lowercased()
        self.host = String(host)
        self.path = plain
        self.items = items
    }
}

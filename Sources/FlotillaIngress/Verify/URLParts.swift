// SPDX-License-Identifier: Apache-2.0

/// A URL taken apart as far as signatures need it, every part as it was written.
struct URLParts: Equatable {
    let scheme: Substring
    /// With a colon behind the user and a sign behind that, or empty.
    let user: Substring
    let host: String
    let port: Substring?
    /// Path and query, perhaps empty.
    let rest: Substring

    init?(_ url: String) {
        guard let mark = url.firstRange(of: "://") else { return nil }
        scheme = url[..<mark.lowerBound]
        let behind = url[mark.upperBound...]
        let authority = behind.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        rest = behind[authority.endIndex...]
        let place = authority.lastIndex(of: "@").map { authority.index(after: $0) } ?? authority.startIndex
        user = authority[..<place]
        let address = authority[place...]
        // An IPv6 address has colons of its own, in brackets.
        let bracket = address.lastIndex(of: "]") ?? address.startIndex
        let colon = address[bracket...].firstIndex(of: ":")
        host = String(address[..<(colon ?? address.endIndex)])
        port = colon.map { address[address.index(after: $0)...] }
        guard !scheme.isEmpty, !host.isEmpty else { return nil }
    }

    var defaultPort: String? {
        switch scheme.lowercased() {
        case "https": "443"
        case "http": "80"
        default: nil
        }
    }

    func written(port: String?) -> String {
        "\(scheme)://\(user)\(host)\(port.map { ":" + $0 } ?? "")\(rest)"
    }
}

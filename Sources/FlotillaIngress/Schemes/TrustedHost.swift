// SPDX-License-Identifier: Apache-2.0

/// Whose addresses a provider's certificates may come from, and whom they may be made out to.
enum TrustedHost: Sendable {
    case paypal
    case sns

    /// Whether a certificate's address is the provider's own: by https, at a host of its own, on the usual port, with nobody's name in it.
    func owns(url: String) -> Bool {
        switch self {
        case .sns:
            return SubscriptionConfirmation.isOfAmazon(url)
        case .paypal:
            guard url.utf8.count <= 2048, url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), let parts = URLParts(url) else {
                return false
            }
            guard parts.scheme == "https", parts.user.isEmpty, parts.port == nil || parts.port == "443" else { return false }
            return parts.rest.hasPrefix("/") && owns(name: parts.host.lowercased())
        }
    }

    /// Whether a certificate made out to this host is the provider's own.
    func owns(name: String) -> Bool {
        switch self {
        case .sns:
            name == "sns.amazonaws.com" || name == "sns.amazonaws.com.cn" || SubscriptionConfirmation.isOfAmazon("https://\(name)/")
        case .paypal:
            name.hasSuffix(".paypal.com")
                && name.utf8.allSatisfy {
                    (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x2A
                }
        }
    }

    var meaning: String {
        switch self {
        case .sns: "sns.{region}.amazonaws.com"
        case .paypal: "paypal.com"
        }
    }

    /// What a file with that certificate is called, without its ending: the last part of the address.
    static func fileName(of url: String) -> String? {
        guard let parts = URLParts(url) else { return nil }
        let path = parts.rest.prefix { $0 != "?" && $0 != "#" }
        guard let last = path.split(separator: "/", omittingEmptySubsequences: false).last, !last.isEmpty else { return nil }
        return last.hasSuffix(".pem") ? String(last.dropLast(4)) : String(last)
    }
}

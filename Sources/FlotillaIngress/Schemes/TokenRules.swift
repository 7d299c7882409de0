// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// What a token has to say beside being signed by the provider: that it is for this hook, and for now.
struct TokenRules: Sendable {
    enum Audience: Sendable {
        /// The token names nobody of ours.
        case none
        /// As the option says, or else the hook's URL.
        case optionOrURL
        case option
    }

    static let audience = HookOption("audience", "the URL that the webhook was made with, if not the hook's own")
    static let neededAudience = HookOption(
        "audience", isRequired: true, "the audience that the subscription's tokens are made out to, or several separated by spaces")
    static let email = HookOption(
        "email", isRequired: true, "the address of the service account that the subscription pushes as, or several separated by spaces")

    var audience = Audience.none
    /// One of these has to be the issuer; with none, the token has to name one.
    var issuers: [String]?
    /// Whether it has to be an account of the hook's own that pushes.
    var isOfAccount = false
    var needsIssueTime = false
    /// How far the provider's clock may be off, where its own library allows for that. Tokens end on the second elsewhere.
    var leeway: Int64 = 0

    /// A token may come a moment before it was made, by a clock that is ahead.
    private static let early: Int64 = 10

    var options: [HookOption] {
        switch audience {
        case .none: []
        case .optionOrURL: [Self.audience]
        case .option: [Self.neededAudience] + (isOfAccount ? [Self.email] : [])
        }
    }

    func resolved(by settings: HookSettings) throws(HookFault) -> ResolvedTokenRules {
        func list(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
        let audiences: [String]? =
            switch audience {
            case .none: nil
            case .optionOrURL: (settings.text(Self.audience) ?? settings.url).map { [$0] }
            case .option: list(try settings.needed(Self.neededAudience))
            }
        return ResolvedTokenRules(
            rules: self, audiences: audiences, emails: isOfAccount ? list(try settings.needed(Self.email)) : nil,
            behind: leeway, ahead: max(leeway, Self.early))
    }
}

/// The same, with what the hook was told.
struct ResolvedTokenRules: Sendable {
    let rules: TokenRules
    let audiences: [String]?
    let emails: [String]?
    let behind: Int64
    let ahead: Int64

    func check(_ claims: JSONValue, at now: Timestamp) throws(Rejection) {
        try checkTimes(claims, at: Double(now.microseconds) / 1_000_000)
        if let audiences {
            let named = claims["aud"]?.string.map { [$0] } ?? claims["aud"]?.array?.compactMap(\.string) ?? []
            guard named.contains(where: audiences.contains) else { throw Rejection(.claim, "the token is made out to another audience") }
        }
        if let issuers = rules.issuers {
            guard let issuer = claims["iss"]?.string, issuers.isEmpty || issuers.contains(issuer) else {
                throw Rejection(.claim, "the token has another issuer")
            }
        }
        if let emails {
            guard let email = claims["email"]?.string, emails.contains(email) else {
                throw Rejection(.claim, "the token is of another account")
            }
            guard claims["email_verified"]?.bool == true else { throw Rejection(.claim, "the token's account is not verified") }
        }
    }

    private func checkTimes(_ claims: JSONValue, at now: Double) throws(Rejection) {
        guard let end = try time("exp", of: claims) else { throw Rejection(.timestamp, "the token does not say when it ends") }
        guard now < end + Double(behind) else { throw Rejection(.timestamp, "the token has ended") }
        if let start = try time("nbf", of: claims), start > now + Double(ahead) {
            throw Rejection(.timestamp, "the token does not begin yet")
        }
        let issued = try time("iat", of: claims)
        if let issued, issued > now + Double(ahead) { throw Rejection(.timestamp, "the token was made in the future") }
        guard issued != nil || !rules.needsIssueTime else { throw Rejection(.timestamp, "the token does not say when it was made") }
    }

    /// Nil where the claim is absent. A number may have a fraction (RFC 7519, 2).
    private func time(_ name: String, of claims: JSONValue) throws(Rejection) -> Double? {
        guard let claim = claims[name] else { return nil }
        guard let seconds = claim.double, seconds.isFinite else { throw Rejection(.timestamp, "the token's \(name) is no time") }
        return seconds
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaHTTP
internal import FlotillaModel

/// The provider sends a signed token (RFC 7519) with each request: monday, Atlassian Connect, Google's push subscriptions. It says who
/// sends and to whom, and covers nothing of the body. How it is signed is the scheme's choice: the token's own `alg` has to say the same.
struct TokenScheme: SignatureScheme {
    enum Carrier: Sendable {
        /// `Authorization: eyJ…`
        case bare
        /// `Authorization: Bearer eyJ…`
        case bearer
        /// `Authorization: JWT eyJ…`, or else `?jwt=eyJ…`
        case connect
    }

    enum Proof: String, Sendable {
        /// HMAC by a secret that both sides know.
        case secret = "HS256"
        /// RSA by a key of the provider's.
        case publicKey = "RS256"
    }

    let carrier: Carrier
    let proof: Proof
    let rules: TokenRules
    /// Whether the token covers method, path and query of the request by a hash (`qsh`).
    var coversURL = false

    var keyMeaning: String {
        switch proof {
        case .secret: KeyForm.text.meaning
        case .publicKey: KeySet.meaning
        }
    }

    var needsKeys: Bool { proof == .secret }
    var options: [HookOption] { rules.options + (proof == .publicKey ? [KeySet.file] : []) }

    func check(with settings: HookSettings) throws(HookFault) -> any SignatureCheck {
        TokenCheck(
            scheme: self, keys: try TokenKeys(settings, for: proof), rules: try rules.resolved(by: settings),
            path: settings.url.flatMap { URLParts($0) }.map { String($0.rest.prefix { $0 != "?" && $0 != "#" }) })
    }
}

struct TokenCheck: SignatureCheck {
    private static let header = "Authorization"

    let scheme: TokenScheme
    let keys: TokenKeys
    let rules: ResolvedTokenRules
    /// Of the hook's public URL, where a proxy changes it on the way.
    let path: String?

    func check(_ request: Request, at now: Timestamp) throws(Rejection) -> Claims {
        guard let token = SignedToken(try text(in: request.head)) else {
            throw Rejection(.token, "the request holds no whole signed token")
        }
        guard token.algorithm == scheme.proof.rawValue else {
            throw Rejection(.token, "the token is not signed by \(scheme.proof.rawValue)")
        }
        try keys.verify(token)
        try rules.check(token.claims, at: now)
        if scheme.coversURL { try checkHash(token.claims, of: request.head) }
        var claims: Claims = [:]
        for member in token.claims.members ?? [] { claims[member.name] = member.value.text }
        return claims
    }

    private func text(in head: RequestHead) throws(Rejection) -> Substring {
        if scheme.carrier == .connect, head.headers[Self.header].map(Self.isConnect) != true,
            let text = FormBody.field("jwt", of: Array(head.query.utf8))
        {
            return String(decoding: text, as: UTF8.self)[...]
        }
        let value = try head.headers.single(Self.header)
        let mark =
            switch scheme.carrier {
            case .bare: ""
            case .bearer: "Bearer "
            case .connect: "JWT "
            }
        // The names of schemes have no case (RFC 9110, 11.1).
        guard Headers.same(String(value.prefix(mark.count)), mark) else {
            throw Rejection(.header, "the header \(Self.header) does not begin with \(mark)and a token")
        }
        return value.dropFirst(mark.count)
    }

    private static func isConnect(_ value: String) -> Bool { Headers.same(String(value.prefix(4)), "JWT ") }

    private func checkHash(_ claims: JSONValue, of head: RequestHead) throws(Rejection) {
        guard let hash = claims["qsh"]?.string else { throw Rejection(.claim, "the token does not cover the URL") }
        for path in [String(head.path)] + (path.map { [$0] } ?? []) {
            guard let expected = try QueryStringHash.of(method: head.method, path: path, query: String(head.query)) else {
                throw Rejection(.url, "the query is not one that a token can cover")
            }
            if constantTimeEquals(hash[...], expected) { return }
        }
        throw Rejection(.claim, "the token covers another URL")
    }

    func sign(_ request: inout Request, at now: Timestamp) throws(Rejection) {
        let seconds = now.microseconds / 1_000_000
        var claims: [JSONMember] = [
            JSONMember("iat", .integer(seconds)), JSONMember("exp", .integer(seconds + 300)), JSONMember("accountId", .integer(1)),
            JSONMember("iss", .string(rules.rules.issuers?.first ?? "sample")),
        ]
        if let audience = rules.audiences?.first { claims.append(JSONMember("aud", .string(audience))) }
        if let email = rules.emails?.first { claims += [JSONMember("email", .string(email)), JSONMember("email_verified", .bool(true))] }
        if scheme.coversURL {
            let head = request.head
            let hash = try QueryStringHash.of(method: head.method, path: String(head.path), query: String(head.query))
            claims.append(JSONMember("qsh", .string(hash ?? "")))
        }
        let token = SignedToken(algorithm: scheme.proof.rawValue, claims: .object(claims))
        let text = token.text(with: try keys.sign(token.signed))
        let mark =
            switch scheme.carrier {
            case .bare: ""
            case .bearer: "Bearer "
            case .connect: "JWT "
            }
        request.head.headers.add(Self.header, mark + text)
    }
}

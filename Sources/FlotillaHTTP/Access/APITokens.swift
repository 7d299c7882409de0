// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto

/// Who may call the fleet's own HTTP interfaces. Read once from the configuration; asked by each request, from any loop.
package struct APITokens: Sendable {
    package let all: [APIToken]

    package init(_ all: [APIToken] = []) {
        self.all = all
    }

    package func named(with scope: APIToken.Scope) -> [String] {
        all.filter { $0.scopes.contains(scope) }.map(\.name).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// What the request's token opens. A refusal is an answer that says nothing of the tokens that there are.
    package func access(_ headers: Headers, to scope: APIToken.Scope) throws(AccessRefusal) -> APIToken {
        let text = try Self.bearer(headers)
        guard let digest = try? Digest.sha256(Array(text.utf8)) else { throw .unavailable }
        // Every token is compared, also behind the one that fits.
        var found: APIToken?
        for token in all where token.has(digest: digest) { found = token }
        guard let token = found else { throw .wrong }
        guard token.scopes.contains(scope) else { throw .scope(scope) }
        return token
    }

    /// The one `Authorization: Bearer …`; a second such field could be somebody else's.
    private static func bearer(_ headers: Headers) throws(AccessRefusal) -> Substring {
        let values = headers.all("Authorization")
        guard let value = values.first else { throw .missing }
        guard values.count == 1 else { throw .repeated }
        let scheme = value.prefix { $0 != " " }
        guard Headers.same(String(scheme), "bearer") else { throw .missing }
        let text = value.dropFirst(scheme.count).drop { $0 == " " }
        guard !text.isEmpty else { throw .missing }
        return text
    }
}

/// Why a request has no access, and what it is told.
package enum AccessRefusal: Error, Equatable, Sendable {
    case missing
    case repeated
    case wrong
    case scope(APIToken.Scope)
    /// Nothing is wrong with the request: it can't be checked now.
    case unavailable

    package var why: String {
        switch self {
        case .missing: "a bearer token is required"
        case .repeated: "the header Authorization came more than once"
        case .wrong: "the bearer token is not a known one"
        case .scope(let scope): "the bearer token does not have the scope \(scope.rawValue)"
        case .unavailable: "the bearer token can't be checked now"
        }
    }

    /// As RFC 6750 has it.
    package var status: Int {
        switch self {
        case .missing, .repeated, .wrong: 401
        case .scope: 403
        case .unavailable: 503
        }
    }

    package var headers: Headers {
        let realm = #"Bearer realm="flotilla""#
        return switch self {
        case .missing, .repeated: Headers([("WWW-Authenticate", realm)])
        case .wrong: Headers([("WWW-Authenticate", realm + #", error="invalid_token""#)])
        case .scope(let scope): Headers([("WWW-Authenticate", realm + #", error="insufficient_scope", scope="\#(scope.rawValue)""#)])
        case .unavailable: Headers([("Retry-After", "5")])
        }
    }
}

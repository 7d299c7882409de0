// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// The provider sends a token or a password that only it and the hook know. Neither body nor time is covered: whoever reads one
/// request can make others, so it is worth as much as the TLS around it.
struct SharedToken: SignatureScheme {
    enum Place: Sendable {
        case header(String)
        /// The header that an option of the hook names.
        case namedHeader(HookOption)
        /// `Authorization: Bearer …`
        case bearer
        /// `Authorization: Basic …`, of `user:password`
        case basic
    }

    let place: Place

    var keyMeaning: String {
        switch place {
        case .basic: "user:password"
        default: "the token that the provider sends"
        }
    }

    var options: [HookOption] {
        if case .namedHeader(let option) = place { [option] } else { [] }
    }

    func check(with settings: HookSettings) throws(HookFault) -> any SignatureCheck {
        guard !settings.keys.isEmpty else { throw .noKey }
        var bytes: [[UInt8]] = []
        for key in settings.keys { bytes.append(try token(of: key)) }
        let tokens = ExpectedTokens(bytes)
        switch place {
        case .header(let name): return SharedTokenCheck(header: name, authorization: nil, tokens: tokens)
        case .namedHeader(let option):
            return SharedTokenCheck(header: try settings.needed(option), authorization: nil, tokens: tokens)
        case .bearer: return SharedTokenCheck(header: "Authorization", authorization: .bearer, tokens: tokens)
        case .basic: return SharedTokenCheck(header: "Authorization", authorization: .basic, tokens: tokens)
        }
    }

    private func token(of key: HookKey) throws(HookFault) -> [UInt8] {
        guard !key.text.isEmpty else { throw .emptyKey }
        guard case .basic = place else {
            guard key.kind == .provided || key.kind == .utf8 else { throw .otherKind }
            return key.text.withBytes { $0 }
        }
        guard [.provided, .utf8, .basic].contains(key.kind) else { throw .otherKind }
        let pair = key.text.withBytes { $0 }
        let parts = pair.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty else { throw HookFault(.keys, "is not a user and a password with a colon between") }
        return pair
    }
}

struct SharedTokenCheck: SignatureCheck {
    /// Its name compares without case; one space follows it.
    enum Authorization: String, Sendable {
        case bearer = "Bearer "
        case basic = "Basic "
    }

    let header: String
    let authorization: Authorization?
    let tokens: ExpectedTokens

    func check(_ request: Request, at now: Timestamp) throws(Rejection) -> Claims {
        let sent = try token(in: try request.head.headers.single(header))
        guard tokens.contain(sent) else { throw Rejection(.signature, "the header \(header) does not hold what the hook expects") }
        return [:]
    }

    func sign(_ request: inout Request, at now: Timestamp) throws(Rejection) {
        let token = try tokens.toSend()
        let text = authorization == .basic ? Base64.encode(token) : String(decoding: token, as: UTF8.self)
        request.head.headers.add(header, (authorization?.rawValue ?? "") + text)
    }

    private func token(in value: String) throws(Rejection) -> [UInt8] {
        guard let authorization else { return Array(value.utf8) }
        let mark = authorization.rawValue
        let text = value.utf8.dropFirst(mark.utf8.count)
        guard Headers.same(String(value.utf8.prefix(mark.utf8.count)) ?? "", mark), !text.isEmpty else {
            throw Rejection(.header, "the header \(header) does not begin with \(mark)")
        }
        guard authorization == .basic else { return Array(text) }
        guard let pair = Base64.decode(Substring(text)) else { throw Rejection(.header, "the header \(header) is not base64 text") }
        return pair
    }
}

/// The tokens that a hook takes, the one that it would send first.
struct ExpectedTokens: Sendable {
    private let tokens: [[UInt8]]

    init(_ tokens: [[UInt8]]) {
        self.tokens = tokens
    }

    /// Every token is compared, so that the time says nothing of which one came near.
    func contain(_ sent: [UInt8]) -> Bool {
        var matches = false
        for token in tokens where constantTimeEquals(token, sent) { matches = true }
        return matches
    }

    func toSend() throws(Rejection) -> [UInt8] {
        guard let token = tokens.first else { throw Rejection(.unavailable, "there is no token to send") }
        return token
    }
}

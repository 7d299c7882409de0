// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// How one family of providers proves that a request is theirs: plain data in the provider table, until a hook brings its
/// settings. A family is one type that adopts this and one that adopts `SignatureCheck`.
protocol SignatureScheme: Sendable {
    /// What the hook's keys are, in words for the operator.
    var keyMeaning: String { get }
    /// False where a hook may be without keys: they come with a handshake, or the scheme proves itself otherwise.
    var needsKeys: Bool { get }
    /// Whether it needs the URL that the provider posts to.
    var needsURL: Bool { get }
    /// What it reads beside keys and URL.
    var options: [HookOption] { get }

    /// Throws when the settings are not what the scheme's providers hand out.
    func check(with settings: HookSettings) throws(HookFault) -> any SignatureCheck
}

extension SignatureScheme {
    var needsKeys: Bool { true }
    var needsURL: Bool { false }
    var options: [HookOption] { [] }
}

/// A scheme with its keys prepared. Lives as long as its hook, serves many requests at once, and never crashes on one:
/// whatever is wrong with a request is a `Rejection`.
protocol SignatureCheck: Sendable {
    func check(_ request: Request, at now: Timestamp) throws(Rejection) -> Claims

    /// The provider's side of it: adds what makes `check` accept the request, by the first key.
    func sign(_ request: inout Request, at now: Timestamp) throws(Rejection)
}

/// What a proof says beside that it is right: the claims of a verified token, by name. Empty for most schemes.
typealias Claims = [String: String]

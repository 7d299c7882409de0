// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel

/// For providers that sign in several ways, or under several names of headers: what a request carries chooses, and then it has
/// to be right. A stronger way that is there and wrong never falls back to a weaker one.
struct StrongestPresent: SignatureScheme {
    struct Alternative: Sendable {
        /// The header that speaks for this scheme, and what it has to say where its presence alone does not.
        let header: String
        var value: String?
        let scheme: any SignatureScheme
    }

    /// The strongest first.
    let alternatives: [Alternative]
    /// For a request that carries none of those headers.
    let otherwise: any SignatureScheme

    private var all: [any SignatureScheme] { alternatives.map(\.scheme) + [otherwise] }

    var keyMeaning: String { otherwise.keyMeaning }
    var needsURL: Bool { all.contains { $0.needsURL } }
    var options: [HookOption] {
        all.flatMap(\.options).reduce(into: []) { options, option in
            if !options.contains(option) { options.append(option) }
        }
    }

    func check(with settings: HookSettings) throws(HookFault) -> any SignatureCheck {
        var checks: [StrongestPresentCheck.Choice] = []
        for one in alternatives { checks.append(.init(header: one.header, value: one.value, check: try one.scheme.check(with: settings))) }
        return StrongestPresentCheck(choices: checks, otherwise: try otherwise.check(with: settings))
    }
}

struct StrongestPresentCheck: SignatureCheck {
    struct Choice: Sendable {
        let header: String
        let value: String?
        let check: any SignatureCheck
    }

    let choices: [Choice]
    let otherwise: any SignatureCheck

    func check(_ request: Request, at now: Timestamp) throws(Rejection) -> Claims {
        try chosen(by: request.head.headers).check(request, at: now)
    }

    private func chosen(by headers: Headers) -> any SignatureCheck {
        for choice in choices {
            guard let value = headers[choice.header] else { continue }
            if choice.value == nil || choice.value == value { return choice.check }
        }
        return otherwise
    }

    func sign(_ request: inout Request, at now: Timestamp) throws(Rejection) {
        try (choices.first?.check ?? otherwise).sign(&request, at: now)
    }
}

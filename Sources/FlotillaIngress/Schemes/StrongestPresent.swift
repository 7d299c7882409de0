// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel

/// For providers that sign in several ways, or under several names of headers: what a request carries chooses, and then it has
/// to be right. A stronger way that is there and wrong never falls back to a weaker one.
struct StrongestPresent: SignatureScheme {
    /// The strongest first.
    let alternatives: [Alternative<any SignatureScheme>]
    /// For a request that carries none of those headers.
    let otherwise: any SignatureScheme

    private var all: [any SignatureScheme] { alternatives.map(\.way) + [otherwise] }

    var keyMeaning: String { otherwise.keyMeaning }
    var needsURL: Bool { all.contains { $0.needsURL } }
    var options: [HookOption] {
        all.flatMap(\.options).reduce(into: []) { options, option in
            if !options.contains(option) { options.append(option) }
        }
    }

    func check(with settings: HookSettings) throws(HookFault) -> any SignatureCheck {
        var choices: [Alternative<any SignatureCheck>] = []
        for one in alternatives { choices.append(.init(header: one.header, value: one.value, way: try one.way.check(with: settings))) }
        return StrongestPresentCheck(choices: choices, otherwise: try otherwise.check(with: settings))
    }
}

/// One of several ways to prove a request.
struct Alternative<Way: Sendable>: Sendable {
    /// The header that speaks for this way, and what it has to say where its presence alone does not.
    let header: String
    var value: String?
    let way: Way
}

struct StrongestPresentCheck: SignatureCheck {
    let choices: [Alternative<any SignatureCheck>]
    let otherwise: any SignatureCheck

    func check(_ request: Request, at now: Timestamp) throws(Rejection) -> Claims {
        try chosen(by: request.head.headers).check(request, at: now)
    }

    private func chosen(by headers: Headers) -> any SignatureCheck {
        for choice in choices {
            guard let value = headers[choice.header] else { continue }
            if choice.value == nil || choice.value == value { return choice.way }
        }
        return otherwise
    }

    func sign(_ request: inout Request, at now: Timestamp) throws(Rejection) {
        try (choices.first?.way ?? otherwise).sign(&request, at: now)
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// Why a request is refused that may well be its provider's: changes one thing after the other that is often wrong, and looks whether
/// it would be accepted then. For a person who asks; the ingress never does this, and says less.
///
/// Its words are fixed but for names of headers: no secret, no signature and nothing of the body.
struct Diagnosis {
    private let inspected: InspectedRequest
    private let rejection: Rejection

    init(of inspected: InspectedRequest, _ rejection: Rejection) {
        self.inspected = inspected
        self.rejection = rejection
    }

    /// The first guess that explains it, or what is left when none does.
    var remedy: String {
        for guess in Guess.all(for: inspected) where wouldAccept(guess.changed) { return guess.remedy }
        return age ?? otherProvider ?? missing ?? Self.rest(rejection.check)
    }

    private func wouldAccept(_ changed: InspectedRequest) -> Bool {
        guard let hook = try? changed.hook() else { return false }
        return (try? hook.verify(changed.request, at: changed.now)) != nil
    }

    // MARK: Time

    /// The signature may be right, and the request old.
    private var age: String? {
        guard rejection.check == .timestamp || rejection.check == .claim else { return nil }
        for time in SignedTimes.candidates(in: inspected.request) {
            var changed = inspected
            changed.now = time
            guard wouldAccept(changed) else { continue }
            let seconds = Int((inspected.now - time).inSeconds)
            return seconds > 0
                ? "the signature is right, but it was made \(seconds) seconds ago: it waited on the way or was sent again as it was;"
                    + " if that is so with all requests, this machine's clock is fast"
                : "the signature is right, but it will be made in \(-seconds) seconds: this machine's clock is slow, or the sender's is fast"
        }
        return nil
    }

    // MARK: Another provider, another header

    private var otherProvider: String? {
        for provider in ProviderTable.all where provider.name != inspected.provider.name {
            let changed = InspectedRequest(
                id: .null, name: inspected.name, provider: provider, settings: inspected.settings, now: inspected.now,
                request: inspected.request)
            if wouldAccept(changed) { return "as a request of the provider \(provider.name) it would be accepted: name that one" }
        }
        return nil
    }

    /// A header that is not there, and what is there instead.
    private var missing: String? {
        guard rejection.check == .header else { return nil }
        let marks = ["signature", "hmac", "token", "secret", "authorization", "jwt"]
        let others = inspected.request.head.headers.fields.map(\.name).filter { name in marks.contains { name.lowercased().contains($0) } }
        if let twice = others.first(where: { inspected.request.head.headers.all($0).count > 1 }) {
            return "something on the way writes \(Self.plain(twice)) again: let it come once"
        }
        let through = ["via", "x-forwarded-for", "forwarded", "cf-ray", "x-amzn-trace-id", "x-real-ip"]
        let proxied = inspected.request.head.headers.fields.contains { through.contains($0.name.lowercased()) }
        let seen = others.prefix(5).map(Self.plain).joined(separator: ", ")
        var text = others.isEmpty ? "no header of the request looks like a signature" : "of its kind there are \(seen)"
        text += proxied ? ": a proxy stands before, let it pass every header on" : ": let no proxy take it away"
        return text + ", and see that the provider has a secret for this hook"
    }

    /// What came from outside is shown as far as it is a header's name.
    private static func plain(_ name: String) -> String {
        String(name.prefix(64).map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") ? $0 : "?" })
    }

    private static func rest(_ check: Rejection.Check) -> String {
        switch check {
        case .signature, .token:
            "no usual change of the body, the secret or the URL explains it: the secret is most likely that of another endpoint or"
                + " environment, or was rotated; else something on the way changes the body"
        case .timestamp: "nothing explains it but the time: compare the clocks"
        case .header: "see what the provider sends, and what proxies on the way let through"
        case .claim: "compare what the token was made for with the hook's settings: see flotilla hooks schemes"
        case .url: "give the URL exactly as it is entered at the provider"
        case .body: "see whether the provider is the right one, and hand on the body as it came"
        case .key: "see which keys and certificates the hook trusts"
        case .handshake: "a hook that has a secret takes no other: see what the provider was told of this URL"
        case .network: "compare the hook's networks with the provider's, and FLOTILLA_TRUSTED_PROXIES with the proxies before it"
        case .method: "see how the provider is told to send: it signs nothing else"
        case .content, .flood, .rate, .unavailable: "it says nothing against the signature"
        }
    }
}

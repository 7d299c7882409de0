// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import Foundation
import Testing

/// Against the providers' own packages: what they sign we accept, what we sign they accept, and what they refuse of either, after it
/// was damaged, we refuse. It needs packages from PyPI in the folder that FLOTILLA_TEST_TOOLS names.
@Suite(.enabled(if: ProviderJudge.isHere, "FLOTILLA_TEST_TOOLS is not set"), .timeLimit(.minutes(10)))
struct ProviderJudgeTests {
    static let secret = "a secret that is long enough for all of them"
    static let secrets = [
        "standard-webhooks": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "svix": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "openai": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    ]
    static let url = "https://hooks.example.com/hooks/door"
    static let bodies = [#"{"type":"a.b","text":"naïve ✓ 🚢"}"#, "{\"a\":\r\n 1.0e5}\r\n", #"[{"eventId":1}]"#, "{}"]
    static let forms = ["SmsStatus=received&Body=na%C3%AFve+%2B&Body=", "CallStatus=busy&Empty=&Zz=1&A=2", "a=b"]

    /// Where a package accepts what we refuse, and why we do.
    static let divergences: [String: [Damage: String]] = [
        "stripe": [
            .future: "it looks at the age alone; a request from the future is one that somebody keeps for later",
            .twice: "it takes the first of two times", .blank: "it reads a time with blanks around it",
        ],
        "hubspot-v3": [.future: "it looks at the age alone"],
        "discord": [
            .old: "it leaves the time to its caller; Discord advises five minutes", .future: "the same",
            .upperCase: "it reads hexadecimal in any case; one signature has one spelling here",
            .blank: "it passes over blanks in hexadecimal",
        ],
        "sendgrid": [
            .old: "it leaves the time to its caller", .future: "the same", .twice: "it reads base64 up to its first end",
            .blank: "lenient base64",
        ],
        "svix": [.blank: "it decodes base64 leniently"],
        "meta": [.noPrefix: "it takes the prefix away where there is one"],
        "standard-webhooks": [.twice: "a header that came twice could be read in two ways", .blank: "it decodes base64 leniently"],
        "openai": [.noPrefix: "it takes base64 without a version", .twice: "a header that came twice", .blank: "lenient base64"],
    ]

    /// Where a package refuses what we accept.
    static let leniencies: [String: [Damage: String]] = [
        "paddle": [.twice: "it fails at a part that it can't read; here it is passed over where a whole signature stands beside it"]
    ]

    enum Damage: String, CaseIterable {
        case old, future, blankBehindBody, flippedBody, otherSecret, cutSignature, flippedSignature, upperCase, noPrefix, twice, blank
    }

    @Test("what a provider's package signs is accepted, and what it refuses once damaged is refused", arguments: ProviderJudge.signs)
    func theirs(_ provider: String) throws {
        try ProviderJudge.with { judge in
            for body in provider == "twilio" ? Self.forms : Self.bodies {
                let signed = try judge.sign(provider, Self.secrets[provider] ?? Self.secret, body)
                #expect(Self.accepts(signed), "\(body)")
                for damage in Damage.allCases {
                    guard let damaged = try damage.apply(to: signed, by: judge, Self.secrets[provider] ?? Self.secret) else { continue }
                    try Self.compare(damaged, after: damage, provider, judge)
                }
            }
        }
    }

    @Test(
        "what we sign is accepted by the provider's package, and what it refuses once damaged is refused", arguments: ProviderJudge.verifies
    )
    func ours(_ provider: String) throws {
        // Signed with a private key: their keys sign in the test above.
        guard !["discord", "sendgrid"].contains(provider) else { return }
        try ProviderJudge.with { judge in
            for body in provider == "twilio" ? Self.forms : Self.bodies {
                let signed = try Self.signed(provider, body)
                #expect(try judge.accepts(signed), "\(body)")
                #expect(Self.accepts(signed), "\(body)")
                for damage in Damage.allCases where damage != .old && damage != .future {
                    guard let damaged = try damage.apply(to: signed, by: judge, "") else { continue }
                    try Self.compare(damaged, after: damage, provider, judge)
                }
            }
        }
    }

    private static func compare(_ line: JSONValue, after damage: Damage, _ provider: String, _ judge: ProviderJudge) throws {
        let (theirs, ours) = (try judge.accepts(line), accepts(line))
        guard theirs != ours else { return }
        let isKnown = (theirs ? divergences : leniencies)[provider]?[damage] != nil
        #expect(isKnown, "\(damage.rawValue): the package \(theirs ? "accepts" : "refuses"), we \(ours ? "accept" : "refuse")")
    }

    private static func accepts(_ line: JSONValue) -> Bool {
        var inspector = Inspector(guesses: 0)
        return inspector.verdict(on: line.encoded).isAccepted
    }

    /// As `flotilla send` does, as a line.
    private static func signed(_ provider: String, _ body: String) throws -> JSONValue {
        let secret = secrets[provider] ?? secret
        let now = Timestamp(milliseconds: Int64(Date.now.timeIntervalSince1970) * 1000)
        let entry = try #require(ProviderTable.named(provider))
        let settings = HookSettings(keys: [HookKey(Secret(secret))], url: url, options: provider == "monday" ? ["audience": url] : [:])
        let hook = try Hook(name: "door", provider: entry, settings: settings)
        let content = provider == "twilio" ? "application/x-www-form-urlencoded" : "application/json"
        let request = try WebhookSigner.sign(hook: hook, type: nil, body: utf8(body), contentType: content, id: "msg_2", now: now)
        let headers = request.head.headers.fields.map { JSONValue.array([.string($0.name), .string($0.value)]) }
        let kind = secrets[provider] == nil ? "utf8" : "whsec-base64"
        return .object([
            "provider": .string(provider), "keys": .array([.object(["kind": .string(kind), "value": .string(secret)])]),
            "now": .integer(now.milliseconds / 1000), "method": "POST".json, "url": url.json, "headers": .array(headers), "body": body.json,
            "config": .object(provider == "monday" ? ["audience": url.json] : [:]),
        ])
    }
}

extension ProviderJudgeTests.Damage {
    /// Nil where it changes nothing.
    func apply(to line: JSONValue, by judge: ProviderJudge, _ secret: String) throws -> JSONValue? {
        let body = try #require(line["body"]?.string)
        let changed: JSONValue
        switch self {
        case .old: changed = try judge.sign(#require(line["provider"]?.string), secret, body, ago: 400)
        case .future: changed = try judge.sign(#require(line["provider"]?.string), secret, body, ago: -400)
        case .blankBehindBody: changed = line.with("body", (body + " ").json)
        case .flippedBody: changed = line.with("body", ("A" + body.dropFirst()).json)
        case .otherSecret:
            guard let key = line["keys"]?.array?.first, let text = key["value"]?.string, key["kind"]?.string == "utf8" else { return nil }
            changed = line.with("keys", .array([key.with("value", (text + "x").json)]))
        case .cutSignature: changed = line.withProofs { String($0.dropLast(2)) }
        case .flippedSignature: changed = line.withProofs { $0.dropLast(6) + ($0.dropLast(5).last == "b" ? "c" : "b") + $0.suffix(5) }
        case .upperCase: changed = line.withProofs { $0.uppercased() }
        case .noPrefix: changed = line.withProofs { text in String(text.drop { $0 != "=" && $0 != "," }.dropFirst()) }
        case .twice: changed = line.withProofs { "\($0),\($0)" }
        case .blank: changed = line.withProofs { $0.prefix(12) + " " + $0.dropFirst(12) }
        }
        return changed == line ? nil : changed
    }
}

extension String {
    fileprivate var json: JSONValue { .string(self) }
}

extension JSONValue {
    fileprivate func with(_ name: String, _ value: JSONValue) -> JSONValue {
        .object((members ?? []).map { $0.name == name ? JSONMember(name, value) : $0 })
    }

    /// Changes the header values that prove something.
    fileprivate func withProofs(_ change: (String) -> String) -> JSONValue {
        let headers = (self["headers"]?.array ?? []).map { pair -> JSONValue in
            guard let name = pair.array?.first?.string, let value = pair.array?.last?.string else { return pair }
            let proves = ["signature", "hmac", "authorization"].contains { name.lowercased().contains($0) } && value.count > 12
            return proves && !name.lowercased().hasSuffix("timestamp") ? .array([.string(name), .string(change(value))]) : pair
        }
        return with("headers", .array(headers))
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaCrypto
import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import Foundation
import TestSupport
import Testing

/// Tokens of monday, Atlassian Connect and Google: who may send them, to whom, when, and in which spelling.
@Suite struct TokenSchemeTests {
    static let time: Int64 = 1_767_225_600
    static let now = seconds(time)
    static let googleOptions = ["audience": "https://hooks.example.com/g", "email": "push@p.iam.gserviceaccount.com"]
    static let secret = "a secret of at least 32 bytes, as it should be"

    // MARK: Google

    /// Made by PyJWT with the key of the fixtures.
    static let named =
        "eyJhbGciOiJSUzI1NiIsImtpZCI6Im9uZSIsInR5cCI6IkpXVCJ9.eyJhdWQiOiJodHRwczovL2hvb2tzLmV4YW1wbGUuY29tL2ciLCJpc3MiOiJodH"
        + "RwczovL2FjY291bnRzLmdvb2dsZS5jb20iLCJlbWFpbCI6InB1c2hAcC5pYW0uZ3NlcnZpY2VhY2NvdW50LmNvbSIsImVtYWlsX3ZlcmlmaWVkIjp0c"
        + "nVlLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6MTc2NzIyOTIwMCwic3ViIjoiMSJ9.ml9tT8DA2k7mTYqCFZhJSPFZcLQKSN8utYkokG76x604vngOslV"
        + "QL0A3023fs1CO1CasiM1KP7zqi35M4OZrc-oYSlXywexwxdEsNcVyue4wzRFI4S_T8wfLcvN6xACpCK-FbmDiwyNOctiLu_N85ptdaor4Ku69liIHvl"
        + "aZCbqZiKZjYHXRcubMj_ZGRZo_iErFmjGEWNdX_g-WsuNjsu8pI7oaxdms5x874givSsZ9V_2q94ozblxuICaH1VnYT-F0N73p1OGnWHXXZ6cbLbAfx"
        + "BiwJnSsPJel2rVBcg8_FLo7JbitrZ50NpUKx4czrgaarBapcgSvtf4odqsV1w"
    static let nameless =
        "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJhdWQiOiJodHRwczovL2hvb2tzLmV4YW1wbGUuY29tL2ciLCJpc3MiOiJodHRwczovL2FjY291bn"
        + "RzLmdvb2dsZS5jb20iLCJlbWFpbCI6InB1c2hAcC5pYW0uZ3NlcnZpY2VhY2NvdW50LmNvbSIsImVtYWlsX3ZlcmlmaWVkIjp0cnVlLCJpYXQiOjE3N"
        + "jcyMjU2MDAsImV4cCI6MTc2NzIyOTIwMCwic3ViIjoiMSJ9.QPDxBqSw5eMaFNBvvzS7kfA5dTtxM4ZHjctiJwm3BX_-UCD9b57m_Ic8UWh8d3RlNvt"
        + "EnQ_gZXDQvKv44t86SyIw27zazs7i1urO6BRaImNa16e0dY3aettHxWSE5DCnbF2tMhX-2l2Pk01KVKuVKHbRqAFlo3poNZ4paCtLMzWKDl_JQlUPvP"
        + "qWhqDMyuDJ08T3behZjCxfxQlMs7xRttN06q8zc4AfmbkK5GafoVCDSTQ5emvla_aIzZic0R27goXqLNeQfKaGeMYvvkMTR0fun350Di1U3WPgJu2Q-"
        + "GWKInQKPtFLLXC5vmmmeEXSfnoQ0Z0oHNN1lT0WAlT8fA"
    static let otherwiseNamed =
        "eyJhbGciOiJSUzI1NiIsImtpZCI6InR3byIsInR5cCI6IkpXVCJ9.eyJhdWQiOiJodHRwczovL2hvb2tzLmV4YW1wbGUuY29tL2ciLCJpc3MiOiJodH"
        + "RwczovL2FjY291bnRzLmdvb2dsZS5jb20iLCJlbWFpbCI6InB1c2hAcC5pYW0uZ3NlcnZpY2VhY2NvdW50LmNvbSIsImVtYWlsX3ZlcmlmaWVkIjp0c"
        + "nVlLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6MTc2NzIyOTIwMCwic3ViIjoiMSJ9.F-sEbcjjq9tOXCxTpMpao8U-U-_WyILEzqkKJLFNkPQE7riaY1R"
        + "cSn17hNBxvs1Y7DtUrx-KhRAZUp39o_sGOFre1H_VPnsAI7q2mr4xPkcavWmtNqR0n9bQHeLk4XaooFl45vmCswem4nm_9NG6-Fl9gIlEfTQ4erNHap"
        + "qM4LijDwRWgd5TjSyTw6sxXkzkMcEiDu7q3C08OUd7jU7XU2fWkjTPXD4LiyilGQ19a-ZOkcUWoq_4Pnzbm6t5Okwof-AwCsoxPALKguGr56WFf90nh"
        + "agFohCMQKX1WAg7Rix-wdUNZx_7F7ndx7Ef-f8zv-nN3piWysU-5xZ9btuY1g"
    /// The numbers of that key, and of another one.
    static let modulus =
        "tU5NOvRfqm9dbmCUfJoVRn1pRiLFGtLNa5fQmPJlgdyZqTbMAAPLYzzYUnTEm-FL858EhtuVQRHAJnL5fEJlFLD755jRliYKuzgagmQ1NvS6lE2lFQ1"
        + "RF-Tpy_JSVNGa5la7m0gRml1G09eena3wov6M2DaCePMuX_Lye3eOPnbLwFoXVF-xTlYTg45xvF_rdTV9kEf6cUIBnC8IOjNxdaI2oQW1QbT4Vl0gz-"
        + "Ait_rwDuSceKW54r_J96HFkRTVB8qmG6TgMWea_b-r9OCV3JfT-bCBoC1K2mWjETAeh5B01n-WoHTVmZiQiu3anqX8gLMzJQymdzkFkmdsQNM1DQ"
    static let otherModulus =
        "ykbahBgFR46WZeUgkz2KZeC8iVqqsvPUeoxTb0Su03nyseAeeF_pcQ-CL619YGVGSaAjqfmbQ-OTtTUmuqeF00o8ROSTny9ALV1SA85A-fKHdije38o"
        + "X5sMfFIkr9egnR_LYwpmal22LK7WG-eo3lgiLjaYlzeTRctr-I7M3ZylV_tG7t4Q3r3xsNht0f4qKADIpytcvZbccXjjf0iNZMDGqqky0tuX4Q1W4TB"
        + "8ryTCnp9sIvjOeIiD4tBlTQdw6383pD2sUO_FYm4ZB-ui_yj2Gq1KM8lU2HPcxR7UxQW-rPZmXSwy1sS8WyMDlTPRQrcznRogD8dog-znkV3dp1w"

    static func jwk(_ name: String, _ modulus: String, _ more: String = "") -> String {
        #"{"kty":"RSA","kid":"\#(name)","n":"\#(modulus)","e":"AQAB"\#(more)}"#
    }

    static func set(_ keys: String...) -> String { #"{"keys":[\#(keys.joined(separator: ","))]}"# }

    static func google(_ keys: String..., options: [String: String] = googleOptions) throws -> Hook {
        try schemeHook("google-pubsub", keys.map { HookKey(Secret($0), kind: .x509PEM) }, options)
    }

    static func request(_ token: String, mark: String = "Bearer ") -> Request {
        FlotillaIngressTests.request([("Authorization", mark + token)], #"{"message":{"messageId":"1"},"subscription":"s"}"#)
    }

    struct KeyCase: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let keys: String
        let token: String
        let check: Rejection.Check?

        init(_ name: String, _ keys: String, _ token: String, _ check: Rejection.Check?) {
            (testDescription, self.keys, self.token, self.check) = (name, keys, token, check)
        }
    }

    @Test(
        "a token is verified with the key that it names, and with no other",
        arguments: [
            KeyCase("a set with the key", set(jwk("zero", otherModulus), jwk("one", modulus)), named, nil),
            KeyCase("a set with the key under another name", set(jwk("two", modulus)), named, .unavailable),
            KeyCase("a set with another key of that name", set(jwk("one", otherModulus), jwk("two", modulus)), named, .signature),
            KeyCase("a token without a name", set(jwk("zero", otherModulus), jwk("one", modulus)), nameless, nil),
            KeyCase("a token of another name", set(jwk("one", modulus)), otherwiseNamed, .unavailable),
            KeyCase("a certificate, which has no name", KeyFixtures.snsCertificate, named, nil),
            KeyCase("another certificate", KeyFixtures.otherSNSCertificate, named, .signature),
            KeyCase("a certificate out of date: the token has dates of its own", KeyFixtures.expiredCertificate, named, nil),
            KeyCase(
                "a set with keys for other ends beside",
                set(
                    jwk("one", otherModulus, #","use":"enc""#), #"{"kty":"EC","kid":"one"}"#, jwk("one", otherModulus, #","alg":"RS512""#),
                    jwk("one", modulus, #","use":"sig","alg":"RS256""#)), named, nil),
            KeyCase("certificates by their names", certificates(["one": KeyFixtures.snsCertificate]), named, nil),
            KeyCase("certificates by other names", certificates(["two": KeyFixtures.snsCertificate]), named, .unavailable),
        ])
    func keys(_ one: KeyCase) throws {
        #expect(try verdict(Self.google(one.keys), Self.request(one.token), at: Self.now) == one.check)
    }

    static func certificates(_ named: [String: String]) -> String {
        var json = JSONWriter(capacity: 4096)
        json.value(.object(named.map { JSONMember($0.key, .string($0.value)) }))
        return String(decoding: json.bytes, as: UTF8.self)
    }

    @Test("a set of keys can stand in a file, beside others or alone")
    func file() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "flotilla-\(UUID().uuidString).json").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Self.set(Self.jwk("one", Self.modulus)).write(toFile: path, atomically: true, encoding: .utf8)
        let options = Self.googleOptions.merging(["jwks": path]) { $1 }
        #expect(try verdict(Self.google(options: options), Self.request(Self.named), at: Self.now) == nil)
        #expect(try verdict(Self.google(KeyFixtures.otherSNSCertificate, options: options), Self.request(Self.named), at: Self.now) == nil)
        #expect {
            try Self.google(options: Self.googleOptions.merging(["jwks": path + ".none"]) { $1 })
        } throws: { ($0 as? HookFault)?.place == .option("jwks") }
    }

    @Test(
        "what holds no usable key is refused before any request comes",
        arguments: [
            "", "x", "{", "{}", #"{"keys":[]}"#, #"{"keys":[{"kty":"RSA"}]}"#, set(jwk("a", "AQAB")), set(jwk("a", modulus + "=")),
            set(#"{"kty":"EC","kid":"a"}"#), KeyFixtures.p256Certificate, KeyFixtures.weakRSAKey, #"{"a":"x"}"#, #"{"a":1}"#,
            "{\"keys\":" + String(repeating: "[", count: 100_000),
        ])
    func unusable(keys: String) {
        #expect { try Self.google(keys) } throws: { ($0 as? HookFault)?.place == .keys }
    }

    @Test("audience and account have to be set", arguments: ["audience", "email"])
    func needed(option: String) {
        #expect {
            try Self.google(KeyFixtures.snsCertificate, options: Self.googleOptions.filter { $0.key != option })
        } throws: { ($0 as? HookFault)?.place == .option(option) }
    }

    // MARK: Claims

    static func token(_ claims: String, header: String = #"{"alg":"HS256","typ":"JWT"}"#, secret: String = secret) throws -> String {
        let signed = url(utf8(header)) + "." + url(utf8(claims))
        return try signed + "." + url(HMACKey(utf8(secret)).code(utf8(signed)))
    }

    static func url(_ bytes: [UInt8]) -> String {
        Base64.encode(bytes).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    static func monday(_ options: [String: String] = [:], url: String? = nil) throws -> Hook {
        try schemeHook("monday", [HookKey(Secret(secret))], options, url: url)
    }

    static func mondayVerdict(_ token: String, _ hook: Hook? = nil) throws -> Rejection.Check? {
        try verdict(hook ?? monday(), FlotillaIngressTests.request([("Authorization", token)], "{}"), at: now)
    }

    @Test(
        "a token holds from its first second to its last",
        arguments: [
            (#"{"exp":\#(time + 1)}"#, nil), (#"{"exp":\#(time)}"#, .timestamp), (#"{"exp":\#(time - 1)}"#, .timestamp),
            (#"{"exp":\#(time).5}"#, nil), (#"{"exp":1.8e9}"#, nil), (#"{"exp":"\#(time + 1)"}"#, .timestamp),
            (#"{"exp":null}"#, .timestamp),
            (#"{"exp":1e999}"#, .timestamp), (#"{"exp":true}"#, .timestamp), ("{}", .timestamp), (#"{"exp":-1}"#, .timestamp),
            (#"{"exp":\#(time + 9),"nbf":\#(time)}"#, nil), (#"{"exp":\#(time + 99),"nbf":\#(time + 60)}"#, .timestamp),
            (#"{"exp":\#(time + 99),"iat":\#(time + 5)}"#, nil), (#"{"exp":\#(time + 99),"iat":\#(time + 60)}"#, .timestamp),
            (#"{"exp":\#(time + 99),"iat":"x"}"#, .timestamp), (#"{"exp":\#(time - 1),"exp":\#(time + 1)}"#, nil),
        ] as [(String, Rejection.Check?)])
    func times(claims: String, check: Rejection.Check?) throws {
        #expect(try Self.mondayVerdict(Self.token(claims)) == check)
    }

    @Test(
        "a token is for the audience that the hook was told, or else for its URL",
        arguments: [
            (#""aud":"https://a""#, "https://a", nil, nil), (#""aud":["x","https://a"]"#, "https://a", nil, nil),
            (#""aud":"https://a/""#, "https://a", nil, .claim), (#""aud":[]"#, "https://a", nil, .claim),
            (#""x":1"#, "https://a", nil, .claim),
            (#""aud":["https://b"]"#, "https://a", "https://b", .claim), (#""aud":"https://b""#, nil, "https://b", nil),
            (#""aud":"https://c""#, nil, "https://b", .claim), (#""aud":{"https://a":1}"#, "https://a", nil, .claim),
        ] as [(String, String?, String?, Rejection.Check?)])
    func audiences(claim: String, audience: String?, url: String?, check: Rejection.Check?) throws {
        let hook = try Self.monday(audience.map { ["audience": $0] } ?? [:], url: url)
        #expect(try Self.mondayVerdict(Self.token(#"{"exp":\#(Self.time + 9),\#(claim)}"#), hook) == check)
    }

    @Test("only the scheme's own algorithm counts, and one spelling of each token")
    func spellings() throws {
        let claims = #"{"exp":\#(Self.time + 9),"a":"???>>>"}"#
        let good = try Self.token(claims)
        #expect(try Self.mondayVerdict(good) == nil)
        for header in [
            #"{"alg":"none"}"#, #"{"alg":"hs256"}"#, #"{"alg":"HS512"}"#, #"{"alg":"RS256"}"#, #"{"alg":["HS256"]}"#, "{}", "[]", "1", "",
            #"{"alg":"HS256","crit":["b64"],"b64":false}"#, #"{"alg":"HS256"} x"#, #"{"alg":"HS256","alg":"none"}"#,
        ] {
            #expect(try Self.mondayVerdict(Self.token(claims, header: header)) == .token, "\(header)")
        }
        let parts = good.split(separator: ".").map(String.init)
        let (head, body, code) = (parts[0], parts[1], parts[2])
        var others = ["\(head).\(body)", "\(head).\(body).", good + ".", good + "=", " " + good, good + " ", "." + good]
        others += ["\(head)..\(code)", "\(head)=.\(body).\(code)"]
        others.append("\(head).\(body.replacing("_", with: "/").replacing("-", with: "+")).\(code)")
        for other in others { #expect(try Self.mondayVerdict(other) == .token, "\(other)") }
        #expect(try Self.mondayVerdict("Bearer " + good) == .token)
        #expect(try Self.mondayVerdict("") == .header)
        #expect(try Self.mondayVerdict(String(repeating: "a", count: 20_000)) == .token)
        #expect(try Self.mondayVerdict(Self.token(claims, secret: "another")) == .signature)
        #expect(try Self.mondayVerdict(good.dropLast() + (good.last == "A" ? "B" : "A")) != nil)
        #expect(try verdict(Self.google(KeyFixtures.snsCertificate), Self.request(Self.named, mark: ""), at: Self.now) == .header)
        #expect(try verdict(Self.google(KeyFixtures.snsCertificate), Self.request(Self.named, mark: "JWT "), at: Self.now) == .header)
        // The public key is no secret: whoever knows it signs nothing with it.
        for key in [KeyFixtures.snsCertificate, KeyFixtures.snsCertificate + "\n", Self.modulus] {
            let forged = try Self.token(claims, secret: key)
            #expect(try verdict(Self.google(KeyFixtures.snsCertificate), Self.request(forged), at: Self.now) == .token)
        }
    }

    // MARK: Atlassian

    /// Computed by Atlassian's own library.
    @Test(
        "a token covers method, path and query as Atlassian writes them",
        arguments: [
            ("POST", "/hooks/jira", "4127a3fc5343142d97b53d00161ec7b5ef4b7532351abf4639b8b88d66829f40"),
            ("post", "/hooks/jira/?b=2&a=1&b=1&jwt=x", "e36660b8deb4dd04c14ee3f189b3642b103d6100f653d8b403668b369a93a31c"),
            (
                "GET", "//a//b/?zee_last=param&repeated=parameter%201&first=param&repeated=parameter+2",
                "a78f32d5ec88475bf498f343a2a6a40db301ba51ede0e3a0fd84340cdbf1805d"
            ),
            ("POST", "/x?empty=&none&q=%C3%BC%2F~*&a%26b=c,d", "d6a0b7f14b220138d217ce56bf9c29d07c47a675c5805d69820fddce27ce1109"),
            ("POST", "/a&b/", "463fbdd58bc0e045ac29db1b2f327b26e0ea6fb618853ba38364c3e40397219f"),
            ("POST", "/", "6dfb58321692d08d44565d1331846fc24e7dc08b33259d262f4eff79b21d8e05"),
        ])
    func hashes(method: String, target: String, hash: String) throws {
        let hook = try schemeHook("atlassian-connect-jwt", [HookKey(Secret(Self.secret))], [:])
        let token = try Self.token(#"{"iss":"a","exp":\#(Self.time + 9),"qsh":"\#(hash)"}"#)
        func check(_ method: String, _ target: String) -> Rejection.Check? {
            let head = RequestHead(method: method, target: target, headers: Headers([("Authorization", "jwt " + token)]))
            return verdict(hook, Request(head: head, body: []), at: Self.now)
        }
        #expect(check(method, target) == nil)
        #expect(check("PUT", target) == .claim)
        #expect(check(method, target + (target.contains("?") ? "&more" : "?more")) == .claim)
        #expect(check(method, "/x" + target) == .claim)
        #expect(check(method, target + (target.contains("?") ? "&" : "?") + "x=%") == .url)
    }

    @Test("behind a proxy that changes the path, the path of the hook's own URL counts")
    func proxied() throws {
        let hook = try schemeHook("atlassian-connect-jwt", [HookKey(Secret(Self.secret))], [:], url: "https://example.com/hooks/jira")
        let token = try Self.token(
            #"{"iss":"a","exp":\#(Self.time - 89),"qsh":"4127a3fc5343142d97b53d00161ec7b5ef4b7532351abf4639b8b88d66829f40"}"#)
        let head = RequestHead(method: "POST", target: "/inside?jwt=\(token)")
        let verified = try hook.verify(Request(head: head, body: utf8(#"{"webhookEvent":"jira:issue_updated"}"#)), at: Self.now)
        let made = try hook.split(verified, acceptedAt: Self.now) { "fresh" }
        #expect(made.map(\.event.type) == ["atlassian.jira.issue_updated"])
        #expect(made.map(\.event.extensions["tenant"]) == ["a"])
        #expect(made.map(\.idIsStable) == [false])
        #expect(verdict(hook, Request(head: head, body: []), at: seconds(Self.time + 1)) == .timestamp)
        let twice = RequestHead(method: "POST", target: "/inside?jwt=\(token)&jwt=\(token)")
        #expect(verdict(hook, Request(head: twice, body: []), at: Self.now) == .header)
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import Foundation
import TestSupport
import Testing

/// What PayPal and Amazon SNS prove with certificates: whose address, whose name, when, and which root. What they sign, the vectors show.
@Suite struct CertificateSchemeTests {
    /// 2026-01-01.
    static let now = seconds(1_767_225_600)
    static let topic = "arn:aws:sns:us-west-2:123456789012:MyTopic"
    static let options = ["paypal": ["webhook_id": "WH-1"], "aws-sns": ["topic_arn": topic]]
    static let bodies = [
        "paypal": #"{"id":"WH-2","event_type":"PAYMENT.SALE.COMPLETED"}"#,
        "aws-sns": #"{"Type":"Notification","MessageId":"m-1","Message":"über","Subject":"x"}"#,
    ]
    static let own = ["paypal": KeyFixtures.paypalCertificate, "aws-sns": KeyFixtures.snsCertificate]
    static let expired = ["paypal": KeyFixtures.expiredPayPalCertificate, "aws-sns": KeyFixtures.expiredCertificate]
    static let providers = ["aws-sns", "paypal"]
    /// What a signer of ours names as its certificate.
    static let files = ["paypal": "CERT-sample.pem", "aws-sns": "SimpleNotificationService-sample.pem"]

    static func hook(_ provider: String, _ keys: String..., options more: [String: String] = [:]) throws -> Hook {
        try schemeHook(
            provider, keys.map { HookKey(Secret($0), kind: .x509PEM) }, (options[provider] ?? [:]).merging(more) { $1 })
    }

    /// As the provider signs, by the key of the fixtures' certificates.
    static func signed(_ provider: String, by key: String = KeyFixtures.rsaKey) throws -> Request {
        try WebhookSigner.sign(
            hook: hook(provider, key), type: nil, body: utf8(#require(bodies[provider])), id: "1", now: now)
    }

    @Test("a certificate that is given as a key is believed until it expires, whatever it names", arguments: providers)
    func given(provider: String) throws {
        let request = try Self.signed(provider)
        let cases: [(String, String, Rejection.Check?)] = [
            ("the provider's", try #require(Self.own[provider]), nil), ("one that names nobody", KeyFixtures.namelessCertificate, nil),
            ("one of another key", KeyFixtures.otherSNSCertificate, .signature),
            ("an expired one", try #require(Self.expired[provider]), .key),
            ("one that is not valid yet", KeyFixtures.earlyCertificate, nil),
            ("one made out to somebody else", KeyFixtures.evilCertificate, nil), ("the bare key", KeyFixtures.rsaKey, nil),
            ("a root", KeyFixtures.rootCertificate, .signature),
        ]
        for (name, certificate, check) in cases {
            #expect(try verdict(Self.hook(provider, certificate), request, at: Self.now) == check, "\(name)")
        }
        let own = try #require(Self.own[provider])
        #expect(try verdict(Self.hook(provider, KeyFixtures.otherSNSCertificate, own), request, at: Self.now) == nil)
        #expect(try verdict(Self.hook(provider, own), request, at: seconds(2_051_222_401)) == .key)
    }

    @Test("a certificate of the folder has to be the provider's own, and lead to a root", arguments: providers)
    func folder(provider: String) throws {
        let request = try Self.signed(provider)
        let own = try #require(Self.own[provider])
        let chain = own + "\n" + KeyFixtures.intermediateCertificate
        let cases: [(String, String, String, Rejection.Check?)] = [
            ("with its chain", chain, KeyFixtures.rootCertificate, nil),
            ("without its chain", own, KeyFixtures.rootCertificate, .unavailable),
            ("with another root", chain, KeyFixtures.otherRootCertificate, .unavailable),
            (
                "of another key", KeyFixtures.otherSNSCertificate + "\n" + KeyFixtures.intermediateCertificate, KeyFixtures.rootCertificate,
                .signature
            ),
            (
                "expired", try #require(Self.expired[provider]) + "\n" + KeyFixtures.intermediateCertificate, KeyFixtures.rootCertificate,
                .key
            ),
            (
                "of somebody else", KeyFixtures.evilCertificate + "\n" + KeyFixtures.intermediateCertificate, KeyFixtures.rootCertificate,
                .key
            ),
            ("of nobody", KeyFixtures.namelessCertificate, KeyFixtures.namelessCertificate, .key),
        ]
        for (name, certificate, root, check) in cases {
            let folder = try Folder()
            try folder.write(certificate, to: #require(Self.files[provider]))
            let hook = try Self.hook(provider, options: ["certificates": folder.path, "roots": folder.write(root, to: "root.crt")])
            #expect(verdict(hook, request, at: Self.now) == check, "\(name)")
        }
    }

    @Test("a certificate that nobody has installed is no forgery: the provider is asked to send again", arguments: providers)
    func unknown(provider: String) throws {
        let folder = try Folder()
        try folder.write(KeyFixtures.paypalCertificate, to: "another.pem")
        let roots = try folder.write(KeyFixtures.rootCertificate, to: "root.crt")
        let hook = try Self.hook(provider, options: ["certificates": folder.path, "roots": roots])
        #expect(try verdict(hook, Self.signed(provider), at: Self.now) == .unavailable)
        #expect(try verdict(hook, Self.signed(provider, by: KeyFixtures.otherRSAKey), at: Self.now) == .unavailable)
    }

    @Test(
        "an address that is not the provider's own is refused, whatever signed",
        arguments: [
            ("paypal", "http://api.paypal.com/c"), ("paypal", "https://api.paypal.com.evil.org/c"), ("paypal", "https://evilpaypal.com/c"),
            ("paypal", "https://paypal.com/c"), ("paypal", "https://api.paypal.com@evil.org/c"), ("paypal", "https://evil.org/.paypal.com"),
            ("paypal", "https://evil.org#.paypal.com/"), ("paypal", "https://api.paypal.com:8443/c"), ("paypal", "https://api.paypal.com"),
            ("paypal", #"https://evil.org\.paypal.com/c"#), ("paypal", "https://evil.org%2f.paypal.com/c"), ("paypal", "api.paypal.com/c"),
            ("paypal", "https://.paypal.com?x/c"), ("paypal", " https://api.paypal.com/c"),
            ("aws-sns", "http://sns.us-east-1.amazonaws.com/c.pem"), ("aws-sns", "https://sns.us-east-1.amazonaws.com.evil.org/c.pem"),
            ("aws-sns", "https://sns.us-east-1.amazonaws.com@evil.org/c.pem"),
            ("aws-sns", "https://evil.org/sns.us-east-1.amazonaws.com/c.pem"),
            ("aws-sns", "https://sns.amazonaws.com.evil.org/c.pem"), ("aws-sns", "https://sns.a.b.amazonaws.com/c.pem"),
            ("aws-sns", "https://s3.us-east-1.amazonaws.com/c.pem"), ("aws-sns", "https://sns.us-east-1.amazonaws.com:444/c.pem"),
            ("aws-sns", ""),
        ])
    func addresses(provider: String, address: String) throws {
        var request = try Self.signed(provider)
        if provider == "paypal" {
            request.head.headers.fields = request.head.headers.fields.map { $0.name == "PAYPAL-CERT-URL" ? ($0.name, address) : $0 }
        } else {
            var body = String(decoding: request.body, as: UTF8.self)
            body.replace("https://sns.us-east-1.amazonaws.com/SimpleNotificationService-sample.pem", with: address)
            request.body = utf8(body)
        }
        #expect(try verdict(Self.hook(provider, #require(Self.own[provider])), request, at: Self.now) == .key)
    }

    @Test("a message of SNS is what its signed type says, and nothing else passes for it")
    func types() throws {
        let hook = try Self.hook("aws-sns", KeyFixtures.snsCertificate)
        let request = try Self.signed("aws-sns")
        func changed(_ text: String, _ other: String) -> Request {
            Request(head: request.head, body: utf8(String(decoding: request.body, as: UTF8.self).replacing(text, with: other)))
        }
        #expect(verdict(hook, request, at: Self.now) == nil)
        #expect(verdict(hook, changed(#""Notification""#, #""UnsubscribeConfirmation""#), at: Self.now) == .body)
        #expect(verdict(hook, changed(#""Notification""#, #""Other""#), at: Self.now) == .body)
        #expect(verdict(hook, changed(#""Subject":"x""#, #""Subject":null"#), at: Self.now) == .signature)
        #expect(verdict(hook, changed(#""Message":"über""#, #""Message":{"x":1}"#), at: Self.now) == .body)
        #expect(verdict(hook, changed(#""m-1""#, #""m-1\nSubject\ny""#), at: Self.now) == .signature)
        var other = request
        other.head.headers.fields = [("x-amz-sns-message-type", "SubscriptionConfirmation")]
        #expect(verdict(hook, other, at: Self.now) == .header)
        let elsewhere = try Self.hook("aws-sns", KeyFixtures.snsCertificate, options: ["topic_arn": "\(Self.topic)2 other"])
        #expect(verdict(elsewhere, request, at: Self.now) == .claim)
        let among = try Self.hook("aws-sns", KeyFixtures.snsCertificate, options: ["topic_arn": "other \(Self.topic)"])
        #expect(verdict(among, request, at: Self.now) == nil)
    }

    @Test("a separator in a signed header of PayPal's is refused: it could be cut elsewhere")
    func separators() throws {
        var request = try Self.signed("paypal")
        request.head.headers.fields = request.head.headers.fields.map {
            $0.name == "PAYPAL-TRANSMISSION-ID" ? ($0.name, $0.value + "|2026") : $0
        }
        #expect(try verdict(Self.hook("paypal", KeyFixtures.paypalCertificate), request, at: Self.now) == .header)
    }

    @Test("a hook without usable certificates can't be made", arguments: providers)
    func faults(provider: String) throws {
        let folder = try Folder()
        let broken = try Folder()
        try broken.write("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", to: "a.pem")
        let empty = try folder.write("", to: "empty.txt")
        let cases: [([HookKey], [String: String], HookFault.Place)] = [
            ([], [:], .keys), ([HookKey(Secret(""), kind: .x509PEM)], [:], .keys), ([HookKey(Secret("x"), kind: .x509PEM)], [:], .keys),
            ([HookKey(Secret(KeyFixtures.snsCertificate), kind: .whsec)], [:], .keys),
            ([HookKey(Secret(KeyFixtures.weakRSAKey))], [:], .keys),
            ([], ["certificates": folder.path + "/none"], .option("certificates")),
            ([], ["certificates": broken.path], .option("certificates")),
            ([], ["certificates": folder.path, "roots": folder.path + "/none"], .option("roots")),
            ([], ["certificates": folder.path, "roots": folder.path], .option("roots")),
            ([], ["certificates": folder.path, "roots": empty], .option("roots")),
        ]
        for (keys, options, place) in cases {
            #expect { try schemeHook(provider, keys, (Self.options[provider] ?? [:]).merging(options) { $1 }) } throws: {
                ($0 as? HookFault)?.place == place
            }
        }
        let needed = try #require(Self.options[provider]?.keys.first)
        #expect { try schemeHook(provider, [HookKey(Secret(KeyFixtures.snsCertificate))], [:]) } throws: {
            ($0 as? HookFault)?.place == .option(needed)
        }
    }

    @Test("the system's own roots can be read")
    func systemRoots() throws {
        let folder = try Folder()
        try folder.write(KeyFixtures.snsCertificate, to: "a.pem")
        #expect(throws: Never.self) { try Self.hook("aws-sns", options: ["certificates": folder.path]) }
    }
}

func schemeHook(_ provider: String, _ keys: [HookKey], _ options: [String: String], url: String? = nil) throws -> Hook {
    try Hook(
        name: "hook", provider: #require(ProviderTable.named(provider)), settings: HookSettings(keys: keys, url: url, options: options))
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import TestSupport
import Testing

/// Schemes of keys, certificates and tokens, as their own signers and under random damage: nothing crashes, and nothing that was changed
/// where it was signed is accepted.
@Suite struct AsymmetricMutationTests {
    static let now = seconds(1_767_225_600)

    struct Signer: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let key: String
        let stranger: String
        var options: [String: String] = [:]
        let body: String
        var kind = HookKey.Kind.provided
        /// Whether the proof covers the body.
        var coversBody = true

        func hook(_ key: String) throws -> Hook {
            try schemeHook(testDescription, [HookKey(Secret(key), kind: kind)], options, url: "https://hooks.example.com/hooks/hook")
        }

        func signed() throws -> Request {
            try WebhookSigner.sign(hook: hook(key), type: "t", body: utf8(body), id: "id-1", now: now)
        }
    }

    static let ed25519 = "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    static let otherEd25519 = "whsk_AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    static let ed25519PEM =
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----"
    static let otherEd25519PEM =
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAEBAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----"
    static let google = ["audience": "https://hooks.example.com/g", "email": "push@p.iam.gserviceaccount.com"]

    static let signers = [
        Signer(testDescription: "discord", key: ed25519PEM, stranger: otherEd25519PEM, body: #"{"id":"1","type":2}"#),
        Signer(testDescription: "standard-webhooks-v1a", key: ed25519, stranger: otherEd25519, body: #"{"type":"a.b"}"#),
        Signer(
            testDescription: "sendgrid", key: KeyFixtures.p256Key, stranger: KeyFixtures.otherP256Key,
            body: #"[{"event":"a","sg_event_id":"1"}]"#),
        Signer(
            testDescription: "paypal", key: KeyFixtures.rsaKey, stranger: KeyFixtures.otherRSAKey, options: ["webhook_id": "WH-1"],
            body: #"{"id":"WH-2","event_type":"A.B"}"#),
        Signer(
            testDescription: "aws-sns", key: KeyFixtures.rsaKey, stranger: KeyFixtures.otherRSAKey, options: ["topic_arn": "arn:a"],
            body: #"{"Type":"Notification","MessageId":"m-1","Message":"x"}"#, coversBody: false),
        Signer(
            testDescription: "aws-sns-v1", key: KeyFixtures.rsaKey, stranger: KeyFixtures.otherRSAKey, options: ["topic_arn": "arn:a"],
            body: #"{"Type":"SubscriptionConfirmation","MessageId":"m-1","Message":"x","SubscribeURL":"u","Token":"t"}"#, coversBody: false),
        Signer(
            testDescription: "google-pubsub", key: KeyFixtures.rsaKey, stranger: KeyFixtures.otherRSAKey, options: google,
            body: #"{"message":{"messageId":"1"},"subscription":"s"}"#, coversBody: false),
        Signer(testDescription: "monday", key: "secret", stranger: "another", body: #"{"event":{"type":"a"}}"#, coversBody: false),
        Signer(
            testDescription: "atlassian-connect-jwt", key: "secret", stranger: "another", body: #"{"webhookEvent":"jira:a"}"#,
            coversBody: false),
    ]

    @Test(
        "what a hook signs it accepts, a hook with another key does not, and one that knows the public key alone can't sign",
        arguments: signers)
    func signed(_ signer: Signer) throws {
        let request = try signer.signed()
        #expect(try verdict(signer.hook(signer.key), request, at: Self.now) == nil)
        #expect(try verdict(signer.hook(signer.stranger), request, at: Self.now) == .signature)
        let made = try signer.hook(signer.key).split(signer.hook(signer.key).verify(request, at: Self.now), acceptedAt: Self.now) {
            "fresh"
        }
        #expect(made.count == 1)
    }

    @Test("damage is survived, and found wherever something was signed", arguments: signers, [1, 2] as [UInt64])
    func damaged(_ signer: Signer, seed: UInt64) throws {
        let hook = try signer.hook(signer.key)
        let original = try signer.signed()
        var random = Seeded(seed)
        var accepted = 0
        for number in 0..<(Fuzz.cases / 50) {
            var request = original
            if Bool.random(using: &random) {
                request.body = Fuzz.mutate(request.body, with: &random)
            } else {
                let place = Int.random(in: 0..<request.head.headers.fields.count, using: &random)
                let value = Fuzz.mutate(Array(request.head.headers.fields[place].value.utf8), with: &random)
                request.head.headers.fields[place].value = String(decoding: value, as: UTF8.self)
            }
            guard let verified = try? hook.verify(request, at: Self.now) else { continue }
            accepted += 1
            #expect(!signer.coversBody || request.body == original.body, "seed \(seed), case \(number)")
            _ = try hook.split(verified, acceptedAt: Self.now) { "fresh" }
        }
        #expect(accepted < Fuzz.cases / 50)
    }

    @Test("damaged keys, certificates and key sets are refused or read, and never crash", arguments: [1, 2] as [UInt64])
    func damagedKeys(seed: UInt64) {
        var random = Seeded(seed)
        let texts = [
            ("google-pubsub", TokenSchemeTests.set(TokenSchemeTests.jwk("one", TokenSchemeTests.modulus))),
            ("paypal", KeyFixtures.paypalCertificate),
            ("discord", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"), ("standard-webhooks-v1a", Self.ed25519),
            (
                "sendgrid",
                "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7YfpsxxdMuvdvVhh5A/4QCLi8maQarpmlYoxk8vGyDCx+n1F3o8KU1EYimQ=="
            ),
        ]
        let options = Self.google.merging(["webhook_id": "WH-1"]) { $1 }
        for number in 0..<(Fuzz.cases / 50) {
            let (provider, text) = texts[number % texts.count]
            let damaged = Secret(bytes: Fuzz.mutate(Array(text.utf8), with: &random))
            for kind in HookKey.Kind.allCases { _ = try? schemeHook(provider, [HookKey(damaged, kind: kind)], options) }
        }
    }

    @Test(
        "a key is read in each of its forms, and in no other scheme's",
        arguments: [
            ("discord", .ed25519Hex, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", true),
            ("discord", .provided, "D75A980182B10AB7D54BFED3C964073A0EE172F3DAA62325AF021A68F707511A", true),
            ("discord", .ed25519Hex, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f70751", false),
            ("discord", .ed25519Hex, "", false), ("discord", .whsec, "whsec_AAAA", false),
            ("discord", .x509PEM, KeyFixtures.snsCertificate, false),
            ("discord", .whpkEd25519, "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", true),
            ("standard-webhooks-v1a", .whpkEd25519, "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", true),
            ("standard-webhooks-v1a", .provided, "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo", true),
            ("standard-webhooks-v1a", .provided, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false),
            ("sendgrid", .p256SPKI, "d75a98", false), ("sendgrid", .provided, KeyFixtures.rsaKey, false),
            ("sendgrid", .provided, KeyFixtures.p384Key, false), ("sendgrid", .provided, KeyFixtures.p256Certificate, true),
            ("monday", .utf8, "x", true), ("monday", .x509PEM, KeyFixtures.snsCertificate, false), ("monday", .utf8, "", false),
        ] as [(String, HookKey.Kind, String, Bool)])
    func forms(provider: String, kind: HookKey.Kind, text: String, isKey: Bool) {
        #expect(((try? schemeHook(provider, [HookKey(Secret(text), kind: kind)], [:])) != nil) == isKey)
    }

    @Test("a hook that knows only the public key says that it can't sign as the provider")
    func publicOnly() throws {
        let hook = try schemeHook("discord", [HookKey(Secret("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"))], [:])
        #expect { try WebhookSigner.sign(hook: hook, type: nil, body: [], id: "1", now: Self.now) } throws: {
            ($0 as? Rejection)?.check == .unavailable
        }
    }

    @Test("a header with more signatures than any rotation has is refused unread")
    func many() throws {
        let signer = Self.signers[1]
        var request = try signer.signed()
        let place = try #require(request.head.headers.fields.firstIndex { $0.name == "webhook-signature" })
        let right = request.head.headers.fields[place].value
        let wrong = "v1a," + String(repeating: "A", count: 86) + "=="
        request.head.headers.fields[place].value = (Array(repeating: wrong, count: 15) + [right]).joined(separator: " ")
        #expect(try verdict(signer.hook(signer.key), request, at: Self.now) == nil)
        request.head.headers.fields[place].value += " " + wrong
        #expect(try verdict(signer.hook(signer.key), request, at: Self.now) == .header)
    }
}

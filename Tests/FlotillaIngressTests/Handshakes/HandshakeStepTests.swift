// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaModel
import FlotillaRuntime
import Testing

@testable import FlotillaIngress

/// What handshakes decide, without a server: of whatever hook, since it does not depend on how it verifies.
struct HandshakeStepTests {
    private static func unsigned(_ handshake: any Handshake, _ body: String) throws -> UnsignedStep? {
        try handshake.unsigned(request([], body), to: hook("github", "s"))
    }

    private static func signed(_ handshake: any Handshake, _ body: String) throws -> SignedStep? {
        let hook = try hook("github", "s")
        let verified = try hook.verify(
            WebhookSigner.sign(hook: hook, type: "push", body: utf8(body), id: "1", now: seconds(0)), at: seconds(0))
        return try handshake.signed(verified, to: hook, at: seconds(0))
    }

    private static func answer(_ step: SignedStep?) -> Response? {
        if case .answer(let response) = step { response } else { nil }
    }

    @Test(arguments: ["3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd", "<script>", "ä \u{1F6A2}"])
    func `monday's challenge comes back as the same object, harmless to browsers`(_ challenge: String) throws {
        let body = JSONValue.object(["challenge": .string(challenge)]).encoded
        guard case .answer(let answer) = try Self.unsigned(MondayChallenge(), String(decoding: body, as: UTF8.self)) else {
            Issue.record("not taken for a challenge")
            return
        }
        #expect(answer.status == 200)
        #expect(answer.body == body)
        #expect(answer.headers["Content-Type"] == "application/json")
        #expect(answer.headers["X-Content-Type-Options"] == "nosniff")
    }

    @Test(arguments: [
        #"{"challenge":{"a":1}}"#, #"{"challenge":7}"#, #"{"challenge":"c","event":{"type":"x"}}"#, "{}", "[]", "",
        #"{"challenge":"c","x":"\#(String(repeating: "x", count: 20_000))"}"#,
    ])
    func `what is no challenge of monday's is left to the verifier`(_ body: String) throws {
        #expect(try Self.unsigned(MondayChallenge(), body) == nil)
    }

    @Test(arguments: ["", #"a\u0000b"#, String(repeating: "c", count: 1025)])
    func `a challenge that can't be sent back is refused`(_ challenge: String) throws {
        #expect(throws: Rejection.self) { try Self.unsigned(MondayChallenge(), #"{"challenge":"\#(challenge)"}"#) }
    }

    @Test func `Discord's pings are answered in kind, those of webhook events with 204, and events are events`() throws {
        let ping = Self.answer(try Self.signed(DiscordPing(), #"{"id":"1","application_id":"8","type":1,"version":1}"#))
        #expect(ping?.status == 200)
        #expect(ping.map { String(decoding: $0.body, as: UTF8.self) } == #"{"type":1}"#)
        let events = Self.answer(try Self.signed(DiscordPing(), #"{"version":1,"application_id":"8","type":0}"#))
        #expect(events == Response(status: 204))
        for body in [#"{"type":2,"id":"1"}"#, #"{"type":1,"event":{"type":"APPLICATION_AUTHORIZED"}}"#, #"{"type":"1"}"#, "{}", "[1]"] {
            #expect(try Self.signed(DiscordPing(), body) == nil)
        }
    }

    @Test func `a subscription of SNS is an event with a remark for the operator; one that leads elsewhere is refused`() throws {
        func message(_ type: String, _ url: String) -> String { #"{"Type":"\#(type)","SubscribeURL":"\#(url)","Token":"t"}"# }
        let good = "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37"
        guard case .publish(let remark) = try Self.signed(SubscriptionConfirmation(), message("SubscriptionConfirmation", good)) else {
            Issue.record("not taken for a subscription")
            return
        }
        #expect(!remark.contains("2336412f37"))
        #expect(try Self.signed(SubscriptionConfirmation(), message("Notification", "https://evil.example/")) == nil)
        #expect(throws: Rejection.self) {
            try Self.signed(SubscriptionConfirmation(), message("SubscriptionConfirmation", "https://evil.example/"))
        }
        #expect(throws: Rejection.self) { try Self.signed(SubscriptionConfirmation(), #"{"Type":"SubscriptionConfirmation"}"#) }
    }

    @Test(arguments: [
        ("https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&Token=1", true),
        ("https://sns.cn-north-1.amazonaws.com.cn/?Action=ConfirmSubscription", true), ("https://sns.us-west-2.amazonaws.com/", true),
        ("http://sns.us-west-2.amazonaws.com/", false), ("https://sns.us-west-2.amazonaws.com", false),
        ("https://sns.us-west-2.amazonaws.com.evil.example/", false), ("https://sns.us-west-2.amazonaws.com@evil.example/", false),
        ("https://evil.example/sns.us-west-2.amazonaws.com/", false), ("https://sns.evil.example#.amazonaws.com/", false),
        ("https://sns.evil.example?.amazonaws.com/", false), ("https://sns.a.b.amazonaws.com/", false),
        ("https://sns.us-west-2.amazonaws.com:8443/", false), ("https://user@sns.us-west-2.amazonaws.com/", false),
        ("https://s3.us-west-2.amazonaws.com/", false), ("https://sns..amazonaws.com/", false),
        ("https://sns.\\evil.amazonaws.com/", false),
        ("HTTPS://SNS.US-WEST-2.AMAZONAWS.COM/", false), ("https://sns.us-west-2.amazonaws.com/ \u{1B}[2J", false), ("", false),
    ])
    func `only an address of Amazon SNS is worth opening`(_ url: String, _ expected: Bool) {
        #expect(SubscriptionConfirmation.isOfAmazon(url) == expected)
    }
}

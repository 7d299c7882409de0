// SPDX-License-Identifier: Apache-2.0

import FlotillaCrypto
import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import Testing

/// Handshakes that are answered only when they are their provider's.
@Suite(.timeLimit(.minutes(1))) struct SignedHandshakeTests {
    /// How Slack and Zoom sign.
    private static func versionZero(_ body: String, at now: Timestamp, by secret: String = FrontDoor.secret) throws -> (
        time: String, code: String
    ) {
        let time = String(now.microseconds / 1_000_000)
        return (time, "v0=" + Hex.encode(try HMACKey(utf8(secret)).code(utf8("v0:\(time):\(body)"))))
    }

    private static func slack(_ door: FrontDoor, _ body: String, by secret: String = FrontDoor.secret) async throws -> ClientResponse {
        let signed = try versionZero(body, at: door.clock.now, by: secret)
        return try await door.send(
            "POST", "/hooks/slack",
            [("Content-Type", "application/json"), ("X-Slack-Request-Timestamp", signed.time), ("X-Slack-Signature", signed.code)], body)
    }

    private static func zoom(_ door: FrontDoor, _ body: String, by secret: String = FrontDoor.secret) async throws -> ClientResponse {
        let signed = try versionZero(body, at: door.clock.now, by: secret)
        return try await door.send("POST", "/hooks/zoom", [("x-zm-request-timestamp", signed.time), ("x-zm-signature", signed.code)], body)
    }

    @Test func `Slack's challenge comes back as plain text when it is signed, and not at all otherwise`() async throws {
        try await FrontDoor.with { door async throws in
            let body = #"{"token":"old","challenge":"3eZbrw<b>","type":"url_verification"}"#
            let answer = try await Self.slack(door, body)
            #expect(answer.status == 200)
            #expect(answer.text == "3eZbrw<b>")
            #expect(answer.headers["Content-Type"] == "text/plain; charset=utf-8")
            #expect(answer.headers["X-Content-Type-Options"] == "nosniff")
            for refused in [
                try await Self.slack(door, body, by: "another secret"),
                try await door.send("POST", "/hooks/slack", [("Content-Type", "application/json")], body),
                try await Self.slack(door, #"{"type":"url_verification"}"#),
                try await Self.slack(door, #"{"type":"url_verification","challenge":"\#(String(repeating: "c", count: 1025))"}"#),
            ] {
                #expect(refused.status == 401)
                #expect(!refused.text.contains("3eZ") && !refused.text.contains("ccc"))
            }
            #expect(door.publisher.published.isEmpty)
            // Whatever else is signed is an event.
            let event = #"{"type":"event_callback","challenge":"c","event_id":"Ev1","event":{"type":"app_mention"}}"#
            #expect(try await Self.slack(door, event).status < 300)
            #expect(door.publisher.published.flatMap { $0.map(\.id) } == ["Ev1"])
        }
    }

    @Test func `Zoom gets its token and the code of it, again and again, under the secret that it signs with`() async throws {
        let rotating = try Hook(
            name: "zoom", provider: #require(ProviderTable.named("zoom")),
            settings: HookSettings(secrets: [Secret("the next secret"), Secret(FrontDoor.secret)]))
        try await FrontDoor.with([rotating]) { door async throws in
            let body = #"{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1654503849680,"event":"endpoint.url_validation"}"#
            for secret in [FrontDoor.secret, "the next secret", FrontDoor.secret] {
                let answer = try await Self.zoom(door, body, by: secret)
                #expect(answer.status == 200)
                let code = Hex.encode(try HMACKey(utf8(secret)).code(utf8("qgg8vlvZRS6UYooatFL8Aw")))
                #expect(answer.text == #"{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"\#(code)"}"#)
                #expect(answer.headers["Content-Type"] == "application/json")
                door.clock.advance(by: .seconds(72 * 3600))
            }
            #expect(door.publisher.published.isEmpty)
        }
    }

    @Test func `Zoom's validation signs nothing for others, nor what could pass for an event`() async throws {
        try await FrontDoor.with { door async throws in
            func validation(_ token: String) -> String { #"{"event":"endpoint.url_validation","payload":{"plainToken":\#(token)}}"# }
            #expect(try await door.send("POST", "/hooks/zoom", [], validation(#""abc""#)).status == 401)
            #expect(try await Self.zoom(door, validation(#""abc""#), by: "another secret").status == 401)
            let forged = #""v0:1767225600:{}""#
            for token in [forged, #""""#, "{}", "null", #""a\nb""#, #""\#(String(repeating: "t", count: 1025))""#] {
                let answer = try await Self.zoom(door, validation(token))
                #expect(answer.status == 401, "\(token.prefix(20))")
                #expect(!answer.text.contains("encryptedToken"))
            }
            #expect(try await Self.zoom(door, #"{"event":"endpoint.url_validation"}"#).status == 401)
            #expect(door.publisher.published.isEmpty)
        }
    }

    @Test func `Intercom's ping is heard when it is signed, and is an event like any other`() async throws {
        try await FrontDoor.with { door async throws in
            func send(_ body: String, by secret: String = FrontDoor.secret) async throws -> Int {
                let code = Hex.encode(try HMACKey(utf8(secret), .sha1).code(utf8(body)))
                return try await door.send("POST", "/hooks/intercom", [("X-Hub-Signature", "sha1=" + code)], body).status
            }
            let ping = #"{"type":"notification_event","topic":"ping","id":"notif_1","data":{"item":{"type":"ping"}}}"#
            #expect(try await send(ping, by: "another secret") == 401)
            #expect(door.publisher.published.isEmpty)
            #expect(try await send(ping) == 200)
            #expect(door.publisher.published.flatMap { $0.map(\.type) } == ["intercom.ping"])
        }
    }
}

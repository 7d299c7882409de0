// SPDX-License-Identifier: Apache-2.0

import FlotillaCrypto
import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import Testing

/// The vector that the Standard Webhooks libraries share, and what may not become of it.
@Suite struct StandardWebhooksTests {
    static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    static let other = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    static let id = "msg_p5jXN8AQM9LWM0D4loKWxJek"
    static let time: Int64 = 1_614_265_330
    static let body = #"{"test": 2432232314}"#
    static let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    static let wrong = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var secrets = [secret]
        var id = StandardWebhooksTests.id
        var time = String(StandardWebhooksTests.time)
        var signature = StandardWebhooksTests.signature
        var body = StandardWebhooksTests.body
        var now = seconds(StandardWebhooksTests.time)
        var more: [(name: String, value: String)] = []
        var without = ""
        let check: Rejection.Check?

        init(_ name: String, _ check: Rejection.Check? = nil, _ change: (inout Case) -> Void = { _ in }) {
            testDescription = name
            self.check = check
            change(&self)
        }

        var request: Request {
            let headers = [("webhook-id", id), ("webhook-timestamp", time), ("webhook-signature", signature)] + more
            return FlotillaIngressTests.request(headers.filter { $0.0 != without }, body)
        }
    }

    static let valid = [
        Case("the published vector"),
        Case("a secret without its prefix") { $0.secrets = [String(secret.dropFirst(6))] },
        Case("a secret without its padding") {
            $0.secrets = [String(other.dropLast())]
            $0.signature = sign(by: other)
        },
        Case("both secrets of a rotation sign, and we know the newer") { $0.signature = "\(wrong) \(signature)" },
        Case("both secrets of a rotation sign, and we know the older") { $0.signature = "\(signature) \(wrong)" },
        Case("we know both secrets, and the older signs") { $0.secrets = [other, secret] },
        Case("an unknown version beside") { $0.signature = "v1a,aaaa v2,g0hM \(signature) junk" },
        Case("spaces around") { $0.signature = "  \(signature)  " },
        Case("sent 300 seconds ago") { $0.now = seconds(time + 300) },
        Case("from 300 seconds ahead") { $0.now = seconds(time - 300) },
        Case("no text") {
            $0.body = "\u{0}\r\n\u{7F}"
            $0.signature = sign(body: "\u{0}\r\n\u{7F}")
        },
    ]

    static let hostile = [
        Case("a changed body", .signature) { $0.body += " " },
        Case("another id", .signature) { $0.id = "msg_p5jXN8AQM9LWM0D4loKWxJel" },
        Case("another time, still fresh", .signature) { $0.time = String(time + 1) },
        Case("another secret", .signature) { $0.secrets = [other] },
        Case("a second more than 300 seconds ago", .timestamp) { $0.now = seconds(time + 301) },
        Case("a second more than 300 seconds ahead", .timestamp) { $0.now = seconds(time - 301) },
        Case("a part of a second too old", .timestamp) { $0.now = Timestamp(microseconds: (time + 300) * 1_000_000 + 1) },
        Case("a part of a second too early", .timestamp) { $0.now = Timestamp(microseconds: (time - 300) * 1_000_000 - 1) },
        Case("signed for ever", .timestamp) {
            $0.time = "999999999999"
            $0.signature = sign(time: "999999999999")
        },
        Case("no id", .header) { $0.without = "webhook-id" },
        Case("no time", .header) { $0.without = "webhook-timestamp" },
        Case("no signature", .header) { $0.without = "webhook-signature" },
        Case("two ids", .header) { $0.more = [("Webhook-Id", id)] },
        Case("two times", .header) { $0.more = [("webhook-timestamp", $0.time)] },
        Case("two signature headers, the second one right", .header) {
            $0.signature = wrong
            $0.more = [("webhook-signature", signature)]
        },
        Case("a signature without its version", .signature) { $0.signature = String(signature.dropFirst(3)) },
        Case("an unknown version of the right code", .signature) { $0.signature = "v2," + signature.dropFirst(3) },
        Case("the asymmetric version alone", .signature) { $0.signature = "v1a," + signature.dropFirst(3) },
        Case("a signature cut at its end", .signature) { $0.signature.removeLast(4) },
        Case("a signature without its padding", .signature) { $0.signature.removeLast() },
        Case("another spelling of the same code", .signature) { $0.signature = String(signature.dropLast(2)) + "F=" },
        Case("the URL alphabet", .signature) { $0.signature = "v1,g0hM9SsE-OTPJTGt_tmIKtSyZlE3uFJELVlNIOLJ1OE=" },
        Case("hexadecimal", .signature) { $0.signature = "v1,83484cf52b04f8e4cf2531adfed98" },
        Case("signatures separated by commas", .signature) { $0.signature = "\(wrong),\(signature)" },
        Case("a sha1 code", .signature) { $0.signature = "v1,2jmj7l5rSw0yVb/vlWAYkK/YBwk=" },
        Case("a time with a sign", .timestamp) {
            $0.time = "+\(time)"
            $0.signature = sign(time: "+\(time)")
        },
        Case("a time with a fraction", .timestamp) {
            $0.time = "\(time).0"
            $0.signature = sign(time: "\(time).0")
        },
        Case("a time in milliseconds", .timestamp) {
            $0.time = "\(time)000"
            $0.signature = sign(time: "\(time)000")
        },
        Case("a time of very many digits", .timestamp) { $0.time = String(repeating: "9", count: 40) },
        Case("a time in words", .timestamp) { $0.time = "2021-02-25T15:02:10Z" },
        Case("an id that is cut elsewhere", .header) {
            $0.id = "msg_1.\(time).{}"
            $0.signature = sign(id: "msg_1.\(time).{}")
        },
        Case("the secret's text as the key", .signature) { $0.signature = sign(key: utf8(secret)) },
        Case("an empty key", .signature) { $0.signature = sign(key: []) },
        Case("the headers of another sender", .header) { one in
            one.more = [("svix-id", id), ("svix-timestamp", one.time), ("svix-signature", signature)]
            one.without = "webhook-signature"
        },
    ]

    static func sign(by secret: String, id: String = id, time: String = String(time), body: String = body) -> String {
        sign(key: Base64.decode(secret.dropFirst(6)) ?? [], id: id, time: time, body: body)
    }

    static func sign(
        key: [UInt8] = Base64.decode(secret.dropFirst(6)) ?? [], id: String = id, time: String = String(time), body: String = body
    ) -> String {
        let code = try? HMACKey(key).code(utf8("\(id).\(time).\(body)"))
        return "v1," + Base64.encode(code ?? [])
    }

    @Test("a sender's own requests are let in, and nothing that was made of them", arguments: valid + hostile)
    func verdicts(_ one: Case) throws {
        let hook = try hook("standard-webhooks", one.secrets)
        #expect(verdict(hook, one.request, at: one.now) == one.check)
    }

    @Test(
        "a secret that is none is refused before any request comes",
        arguments: [
            ([], .noKey), ([""], .emptyKey), ([secret, ""], .emptyKey), (["whsec_"], .length(24...64)), (["whsec_not base64"], .notWhsec),
            (["whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY="], .length(24...64)),
            (["whsec_" + String(repeating: "AAAA", count: 22)], .length(24...64)),
        ] as [([String], HookFault)])
    func secrets(secrets: [String], fault: HookFault) {
        #expect(throws: fault) { try hook("standard-webhooks", secrets) }
    }
}

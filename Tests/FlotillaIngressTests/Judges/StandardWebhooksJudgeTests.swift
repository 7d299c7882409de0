// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import Foundation
import Testing

/// Against the reference library: what it signs we accept, what we sign it accepts, and neither accepts what is changed.
/// It needs PyPI's standardwebhooks in the folder that FLOTILLA_TEST_TOOLS names.
@Suite(.enabled(if: Judge.isThere, "FLOTILLA_TEST_TOOLS is not set"), .timeLimit(.minutes(10)))
struct StandardWebhooksJudgeTests {
    static let secrets = [
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    ]
    static let bodies = ["{}", #"{"type":"a.b","text":"naïve ✓ 🚢"}"#, "{\"a\":\r\n 1.0e5}", "[1,2,3]"]

    struct Answer: Decodable {
        var signature: String?
        var accepted: Bool?
    }

    @Test("the reference library and the hook accept each other's signatures, and refuse a changed body")
    func bothWays() throws {
        let now = Int64(Date.now.timeIntervalSince1970)
        var asked: [[String: Any]] = []
        for secret in Self.secrets {
            let hook = try hook("standard-webhooks", secret)
            for body in Self.bodies {
                asked.append(["do": "sign", "secret": secret, "id": "msg_1", "time": now, "body": body])
                let signed = try WebhookSigner.sign(hook: hook, type: nil, body: utf8(body), id: "msg_2", now: seconds(now))
                let headers = Dictionary(uniqueKeysWithValues: signed.head.headers.fields.map { ($0.name, $0.value) })
                asked.append(["do": "verify", "secret": secret, "headers": headers, "body": body])
                asked.append(["do": "verify", "secret": secret, "headers": headers, "body": body + " "])
            }
        }
        var answers = try Judge.ask("standard_webhooks_judge.py", asked, for: Answer.self)[...]
        #expect(answers.count == asked.count)
        for secret in Self.secrets {
            let hook = try hook("standard-webhooks", secret)
            for body in Self.bodies {
                let signature = try #require(answers.removeFirst().signature)
                let headers = [("webhook-id", "msg_1"), ("webhook-timestamp", "\(now)"), ("webhook-signature", signature)]
                #expect(verdict(hook, request(headers, body), at: seconds(now)) == nil)
                #expect(verdict(hook, request(headers, body + " "), at: seconds(now)) == .signature)
                #expect(answers.removeFirst().accepted == true)
                #expect(answers.removeFirst().accepted == false)
            }
        }
    }
}

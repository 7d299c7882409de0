// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto

/// https://www.twilio.com/docs/usage/webhooks/webhooks-security: the URL is signed, with the fields of a form behind it or the
/// hash of any other body in its query. Which algorithm holds follows from the configured key, never from the request.
extension ProviderTable {
    // A request that does not announce its algorithm is signed with the older one, by the account's token.
    static let twilio = twilio(
        "twilio", .sha1, [.formOrBodyHash(.distinct, parameter: bodyHash)],
        announced: .init(item: settings, value: "HMAC_SHA1", mayLack: true))
    static let twilioJSON = twilio(
        "twilio-json", .sha1, [.bodyHash(parameter: bodyHash)], announced: .init(item: settings, value: "HMAC_SHA1", mayLack: true))
    static let twilioSharedKey = twilio(
        "twilio-sharedkey", .sha256, [.formOrBodyHash(.distinct, parameter: bodyHash)],
        announced: .init(item: settings, value: "HMAC_SHA256"))

    private static let settings = HeaderItem(
        header: "X-Twilio-Webhooks-Signature-Settings", prefix: "algorithm=", separator: UInt8(ascii: ","))

    private static let bodyHash = "bodySHA256"
    private static let status = Field.first(.parameter("MessageStatus"), .parameter("SmsStatus"))

    private static func twilio(
        _ name: String, _ algorithm: HashAlgorithm, _ body: [MessageTemplate.Part], announced: TemplateMAC.Expectation
    ) -> Provider {
        Provider(
            name: name, vendor: .named("twilio"),
            scheme: TemplateMAC(
                construction: .hmac(algorithm),
                signature: SignatureField(header: "X-Twilio-Signature", encoding: .base64),
                signed: MessageTemplate([.url(.sentWithAnyPort)] + body), expected: [announced]),
            // A call is in one state through many requests: only its callbacks are numbered.
            id: .first(
                .header("I-Twilio-Idempotency-Token"), .joined(.first(.parameter("MessageSid"), .parameter("SmsSid")), status),
                .joined(.parameter("CallSid"), .parameter("CallStatus"), .parameter("SequenceNumber"))),
            idIsExpected: false,
            type: [.first(status, .parameter("CallStatus"), .parameter("EventType"), .json("type"), .json("EventType"))],
            typeIsExpected: false,
            tenant: .first(.parameter("AccountSid"), .json("AccountSid")),
            needsJSON: false,
            methods: ["POST", "GET"], status: 204, patience: .seconds(15), retries: false)
    }
}

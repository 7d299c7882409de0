// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto

/// Providers that sign with a key of their own that nobody else has, or send a token.
extension ProviderTable {
    static let asymmetric = [
        discord, sendgrid, standardWebhooksV1A, paypal, awsSNS, awsSNSV1, awsSNSV2, googlePubSub, monday, atlassianConnect,
    ]

    // https://discord.com/developers/docs/interactions/overview: probes with wrong signatures and wants 401 for them. A webhook event has
    // no id, and says what happened one level deeper.
    static let discord = Provider(
        name: "discord", vendor: .named("discord"),
        scheme: TemplateSignature(
            algorithm: .ed25519, key: .hex, signature: HeaderItem(header: "X-Signature-Ed25519"), encoding: .hex, signed: [.time, .body],
            time: SignedTime(header: "X-Signature-Timestamp")),
        id: .json("id"), idIsExpected: false,
        type: [.json("type"), .json("event", "type")],
        tenant: .first(.json("guild_id"), .json("application_id")),
        handshake: DiscordPing(),
        patience: .seconds(3), retries: false)

    // https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features: a list of
    // events; the line end behind it is signed, too.
    static let sendgrid = Provider(
        name: "sendgrid", vendor: .named("sendgrid"),
        scheme: TemplateSignature(
            algorithm: .ecdsaP256SHA256, key: .spki, signature: HeaderItem(header: "X-Twilio-Email-Event-Webhook-Signature"),
            encoding: .base64, signed: [.time, .body], time: SignedTime(header: "X-Twilio-Email-Event-Webhook-Timestamp")),
        id: .json("sg_event_id"),
        type: [.json("event")],
        items: [.body],
        patience: .seconds(10))

    // https://www.standardwebhooks.com: as v1, but a sender need not share its key.
    static let standardWebhooksV1A = Provider(
        name: "standard-webhooks-v1a", vendor: .hook,
        scheme: TemplateSignature(
            algorithm: .ed25519, key: .whpk,
            signature: HeaderItem(header: "webhook-signature", prefix: "v1a,", separator: UInt8(ascii: " ")), encoding: .base64,
            signed: [.header("webhook-id"), .text("."), .time, .text("."), .body], time: SignedTime(header: "webhook-timestamp")),
        id: .header("webhook-id"), idIsSigned: true,
        type: [.json("type")],
        patience: .seconds(15))

    // https://developer.paypal.com/api/rest/webhooks/rest/
    static let paypal = Provider(
        name: "paypal", vendor: .named("paypal"),
        scheme: PayPalSignature(),
        id: .json("id"),
        type: [.json("event_type")],
        status: 200, patience: .seconds(10))

    // https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
    static let awsSNS = sns("aws-sns", [.one, .two])
    static let awsSNSV1 = sns("aws-sns-v1", [.one])
    static let awsSNSV2 = sns("aws-sns-v2", [.two])

    private static func sns(_ name: String, _ versions: [SNSSignature.Version]) -> Provider {
        Provider(
            name: name, vendor: .named("aws-sns"),
            scheme: SNSSignature(versions: versions),
            id: .json("MessageId"),
            type: [.json("Type")],
            tenant: .json("TopicArn"),
            handshake: SubscriptionConfirmation(),
            status: 200, patience: .seconds(15))
    }

    // https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions: what kind of event a message is, its publisher says in an
    // attribute of the publisher's choice, if at all.
    static let googlePubSub = Provider(
        name: "google-pubsub", vendor: .named("google-pubsub"),
        scheme: TokenScheme(
            carrier: .bearer, proof: .publicKey,
            rules: TokenRules(
                audience: .option, issuers: ["accounts.google.com", "https://accounts.google.com"], isOfAccount: true, needsIssueTime: true)
        ),
        id: .first(.json("message", "messageId"), .json("message", "message_id")),
        type: [
            .first(
                [.pointerOption("type_field")]
                    + ["eventType", "event_type", "type", "ce-type"].map { .json(["message", "attributes", $0], level: nil) })
        ], typeIsExpected: false,
        tenant: .json("subscription"),
        patience: .seconds(10),
        fieldOptions: [
            HookOption(
                "type_field",
                "the JSON pointer to the event's type, such as /message/attributes/kind; the attribute eventType, event_type, "
                    + "type or ce-type where there is none")
        ])

    // https://developer.monday.com/apps/docs/authorization-header: the token is bare, and does not cover the body.
    static let monday = Provider(
        name: "monday", vendor: .named("monday"),
        scheme: TokenScheme(carrier: .bare, proof: .secret, rules: TokenRules(audience: .optionOrURL)),
        id: .json("event", "triggerUuid"),
        type: [.json("event", "type")],
        tenant: .first(.claim("accountId"), .json("event", "boardId")),
        handshake: MondayChallenge(),
        status: 200, patience: .seconds(10))

    // https://developer.atlassian.com/cloud/jira/platform/understanding-jwt-for-connect-apps: an installation is known by its client key.
    static let atlassianConnect = Provider(
        name: "atlassian-connect-jwt", vendor: .named("atlassian"),
        scheme: TokenScheme(
            carrier: .connect, proof: .secret, rules: TokenRules(issuers: [], leeway: 90), coversURL: true),
        id: .header("X-Atlassian-Webhook-Identifier"), idIsExpected: false,
        type: [.json("webhookEvent")],
        tenant: .claim("iss"),
        patience: .seconds(10))
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto

/// Where people talk, call and write.
extension ProviderTable {
    static let messaging = [
        slack, twilio, twilioJSON, twilioSharedKey, mailgun, postmark, mandrill, zoom, telegram, meta, intercom,
    ]

    // https://docs.slack.dev/authentication/verifying-requests-from-slack: buttons and commands come as forms, without an id.
    static let slack = Provider(
        name: "slack", vendor: .named("slack"),
        scheme: TemplateMAC.versionZero("X-Slack-Signature", time: "X-Slack-Request-Timestamp"),
        id: .json("event_id"), idIsExpected: false,
        type: [.first(.json("event", "type"), .json("type"))],
        tenant: .first(.json("team_id"), .json("team", "id"), .json("api_app_id")),
        formField: "payload",
        patience: .seconds(3))

    // https://developers.zoom.us/docs/api/webhooks: no id, and equal bodies may be two events.
    static let zoom = Provider(
        name: "zoom", vendor: .named("zoom"),
        scheme: TemplateMAC.versionZero("x-zm-signature", time: "x-zm-request-timestamp"),
        type: [.json("event")],
        tenant: .json("payload", "account_id"),
        status: 200, patience: .seconds(3))

    // https://documentation.mailgun.com/docs/mailgun/user-manual/events/webhooks: a resend, up to eight hours later, has the
    // first one's time and signature.
    static let mailgun = Provider(
        name: "mailgun", vendor: .named("mailgun"),
        scheme: SignatureInBody(
            objects: ["signature", "parent-signature"],
            time: SignedTime(.json([]), tolerance: .seconds(12 * 3600), ahead: .seconds(300), isConfigurable: true)),
        id: .first(.json("event-data", "id"), .json("signature", "token"), .parameter("token")),
        type: [.first(.json("event-data", "event"), .parameter("event"))], typeIsExpected: false,
        tenant: .first(.json("event-data", "domain", "name"), .json("event-data", "domain"), .parameter("domain")),
        needsJSON: false,
        status: 200, patience: .seconds(10))

    // https://postmarkapp.com/developer/webhooks: one message makes many events, so the id needs whatever tells them apart.
    static let postmark = Provider(
        name: "postmark", vendor: .named("postmark"),
        scheme: SharedToken(place: .basic),
        id: .first(
            .joined(.json("RecordType"), .json("ID")),
            .joined(
                [.json("MessageID")],
                also: [
                    .json("RecordType"), .first(.json("Recipient"), .json("Email")),
                    .first(.json("ReceivedAt"), .json("DeliveredAt"), .json("ChangedAt"), .json("BouncedAt")), .json("OriginalLink"),
                ])),
        // A received message has no record type.
        type: [.first(.json("RecordType"), .json("MessageStream"))],
        tenant: .json("ServerID"),
        status: 200, patience: .seconds(10))

    // https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks: an inbound message has no id.
    static let mandrill = Provider(
        name: "mandrill", vendor: .named("mandrill"),
        scheme: TemplateMAC(
            construction: .hmac(.sha1),
            signature: SignatureField(header: "X-Mandrill-Signature", encoding: .base64),
            signed: [.url(.configured), .form(.single)]),
        id: .joined(.json("_id"), .json("event"), .json("ts")), idIsExpected: false,
        type: [.first(.json("event"), .json("type"))],
        items: [.body], formField: "mandrill_events",
        status: 200, patience: .seconds(10))

    // https://core.telegram.org/bots/api#setwebhook
    static let telegram = Provider(
        name: "telegram", vendor: .named("telegram"),
        scheme: SharedToken(place: .header("X-Telegram-Bot-Api-Secret-Token")),
        id: .json("update_id"),
        type: [.firstKey(except: ["update_id"])],
        patience: .seconds(10))

    // https://developers.facebook.com/docs/graph-api/webhooks: pages and Instagram send messaging where others send changes; most
    // changes have no id.
    static let meta = Provider(
        name: "meta", vendor: .named("meta"),
        scheme: TemplateMAC.body("X-Hub-Signature-256", prefix: "sha256="),
        id: .first(
            .each(["value", "messages"], [["id"]]), .each(["value", "statuses"], [["id"], ["status"]]), .json("message", "mid")),
        idIsExpected: false,
        type: [.outer(0, "object"), .json("field")],
        tenant: .outer(1, "id"),
        items: [.list("entry"), .list("changes", or: "messaging")],
        status: 200, patience: .seconds(5))

    // https://developers.intercom.com/docs/webhooks/webhook-notifications: SHA-1, and nothing stronger beside it.
    static let intercom = Provider(
        name: "intercom", vendor: .named("intercom"),
        scheme: TemplateMAC.body("X-Hub-Signature", prefix: "sha1=", .hex, .sha1),
        id: .json("id"),
        type: [.json("topic")],
        tenant: .json("app_id"),
        status: 200, patience: .seconds(5))
}

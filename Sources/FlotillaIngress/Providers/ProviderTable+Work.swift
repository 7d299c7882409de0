// SPDX-License-Identifier: Apache-2.0

/// Where work is planned, sold, supported, written down and signed.
extension ProviderTable {
    static let work = [
        linear, zendesk, typeform, asana, jira, notion, dropbox, msgraph, calendly, docusign, pagerduty,
        hubspot, hubspotV1, hubspotV2, hubspotV3,
    ]

    // https://linear.app/developers/webhooks: the time stands in the body.
    static let linear = Provider(
        name: "linear", vendor: .named("linear"),
        scheme: TemplateMAC(
            signature: SignatureField(header: "Linear-Signature", encoding: .hex), signed: [.body],
            time: SignedTime(.json(["webhookTimestamp"]), unit: .milliseconds, tolerance: .seconds(60))),
        id: .header("Linear-Delivery"),
        type: [.json("type"), .json("action")],
        tenant: .json("organizationId"),
        status: 200, patience: .seconds(5))

    // https://developer.zendesk.com/documentation/webhooks/verifying: hooks of triggers have bodies of their owners' own making,
    // whose id and type mean something else.
    static let zendesk = Provider(
        name: "zendesk", vendor: .named("zendesk"),
        scheme: TemplateMAC(
            signature: SignatureField(header: "X-Zendesk-Webhook-Signature", encoding: .base64), signed: [.time, .body],
            time: SignedTime(header: "X-Zendesk-Webhook-Signature-Timestamp", unit: .text)),
        id: .first(.given(.json("type"), begins: "zen:", .json("id")), .header("X-Zendesk-Webhook-Invocation-Id")),
        type: [.given(.json("type"), begins: "zen:", .json("type"))], typeIsExpected: false,
        tenant: .first(.header("X-Zendesk-Account-Id"), .json("account_id")),
        needsJSON: false,
        methods: ["POST", "GET", "PUT", "PATCH", "DELETE"], patience: .seconds(12))

    // https://www.typeform.com/developers/webhooks/secure-your-webhooks: base64 behind a mark that elsewhere means hexadecimal.
    static let typeform = Provider(
        name: "typeform", vendor: .named("typeform"),
        scheme: TemplateMAC.body("Typeform-Signature", prefix: "sha256=", .base64),
        id: .json("event_id"),
        type: [.json("event_type")],
        tenant: .json("form_response", "form_id"),
        patience: .seconds(30))

    // https://developers.asana.com/docs/webhooks-guide: events have no id, and a heartbeat is an empty list.
    static let asana = Provider(
        name: "asana", vendor: .named("asana"),
        scheme: TemplateMAC.body("X-Hook-Signature"),
        type: [.json("action"), .json("resource", "resource_type")],
        items: [.list("events")],
        handshake: HookSecretHeader(),
        status: 200, patience: .seconds(10))

    // https://developer.atlassian.com/cloud/jira/platform/webhooks
    static let jira = Provider(
        name: "jira", vendor: .named("jira"),
        scheme: TemplateMAC.body("X-Hub-Signature", prefix: "sha256="),
        id: .header("X-Atlassian-Webhook-Identifier"),
        type: [.json("webhookEvent")],
        tenant: jiraSite,
        patience: .seconds(10))

    /// Jira names its site only in the links of what an event is about.
    static let jiraSite = Field.first(
        ["issue", "comment", "worklog", "project", "version", "sprint", "board", "issueLink", "attachment", "user"].map {
            .host(.json($0, "self"))
        })

    // https://developers.notion.com/reference/webhooks
    static let notion = Provider(
        name: "notion", vendor: .named("notion"),
        scheme: TemplateMAC.body("X-Notion-Signature", prefix: "sha256="),
        id: .json("id"),
        type: [.json("type")],
        tenant: .json("workspace_id"),
        handshake: VerificationToken(signatureHeader: "X-Notion-Signature"),
        patience: .seconds(10))

    // https://www.dropbox.com/developers/reference/webhooks: says whose files changed, and nothing else, so that
    // its events have no type.
    static let dropbox = Provider(
        name: "dropbox", vendor: .named("dropbox"),
        scheme: TemplateMAC.body("X-Dropbox-Signature"),
        type: [],
        tenant: .sole(["list_folder", "accounts"]),
        handshake: QueryChallenge(method: "GET", field: "challenge"),
        status: 200, patience: .seconds(10))

    // https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks: one request may mix subscriptions.
    static let msgraph = Provider(
        name: "msgraph", vendor: .named("msgraph"),
        scheme: ElementToken(list: ["value"], field: "clientState"),
        id: .json("id"), idIsExpected: false,
        type: [.first(.json("lifecycleEvent"), .json("changeType"))],
        tenant: .first(.json("tenantId"), .json("subscriptionId")),
        items: [.list("value")],
        handshake: QueryChallenge(method: "POST", field: "validationToken"),
        patience: .seconds(10))

    // https://developer.calendly.com/api-docs/overview/webhooks/webhook-signatures: the URI alone is that of the invitee.
    static let calendly = Provider(
        name: "calendly", vendor: .named("calendly"),
        scheme: TemplateMAC.stamped(
            "Calendly-Webhook-Signature", time: time(in: "Calendly-Webhook-Signature", "t=", ",", .seconds(180)), mark: "v1=",
            separator: ",", joint: "."),
        id: .joined(.json("payload", "uri"), .json("event"), .json("created_at")),
        type: [.json("event")],
        tenant: .json("created_by"),
        patience: .seconds(15))

    // https://developers.docusign.com/platform/webhooks/connect/validate: one header for each active key.
    static let docusign = Provider(
        name: "docusign", vendor: .named("docusign"),
        scheme: TemplateMAC.body("X-DocuSign-Signature", .base64, numbers: 1...100),
        id: .joined(
            [.json("data", "envelopeId"), .json("event"), .json("generatedDateTime")], also: [.json("data", "recipientId")]),
        type: [.json("event")],
        tenant: .json("data", "accountId"),
        status: 200, patience: .seconds(10))

    // https://docs.pagerduty.com/developer/verifying-webhook-signatures
    static let pagerduty = Provider(
        name: "pagerduty", vendor: .named("pagerduty"),
        scheme: TemplateMAC.body("X-PagerDuty-Signature", prefix: "v1=", separator: UInt8(ascii: ",")),
        id: .json("event", "id"),
        type: [.json("event", "event_type")],
        tenant: .header("X-Webhook-Subscription"),
        patience: .seconds(5))
}

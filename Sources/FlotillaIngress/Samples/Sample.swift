// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// A request as a provider would make it, written for trying a hook out: `flotilla send`. About people and things that do not exist.
package struct Sample: Sendable {
    /// In the provider's own words, as the event's type will say after the vendor.
    package let type: String
    package let contentType: String
    /// What the provider says beside the body, its id, its type and its signature.
    package let headers: [(name: String, value: String)]
    private let text: String

    /// In the body `$ID` stands for an id of this one request, `$NUMBER` for a number of it, `$SECONDS`, `$MILLISECONDS` and `$TIME`
    /// for the moment at which it is sent.
    init(_ type: String, _ text: String, contentType: String = "application/json", headers: [(name: String, value: String)] = []) {
        self.type = type
        self.text = text
        self.contentType = contentType
        self.headers = headers
    }

    package func body(id: String, now: Timestamp) -> [UInt8] {
        var body = text
        let number = Int64(id.filter(\.isHexDigit).prefix(12), radix: 16) ?? 1
        let values = [
            "$ID": id, "$NUMBER": "\(number)", "$SECONDS": "\(now.microseconds / 1_000_000)", "$MILLISECONDS": "\(now.milliseconds)",
            "$TIME": "\(now)",
        ]
        for (mark, value) in values { body.replace(mark, with: value) }
        return Array(body.utf8)
    }

    /// The first one is sent when no type is asked for.
    package static func all(of provider: Provider) -> [Sample] {
        byProvider[provider.name] ?? []
    }

    package static func named(_ type: String?, of provider: Provider) -> Sample? {
        guard let type else { return all(of: provider).first }
        return all(of: provider).first { $0.type == type }
    }

    private static let byProvider: [String: [Sample]] = [
        "github": GitHubSamples.all, "gitlab-token": GitLabSamples.all, "gitlab-signed": GitLabSamples.all,
        "bitbucket": CodeSamples.bitbucket,
        "circleci": CodeSamples.circleci, "vercel": CodeSamples.vercel, "sentry": CodeSamples.sentry,
        "huggingface": CodeSamples.huggingface,
        "stripe": StripeSamples.all, "paypal": MoneySamples.paypal, "square": MoneySamples.square, "paddle": MoneySamples.paddle,
        "shopify": ShopifySamples.all, "slack": SlackSamples.all, "discord": ChatSamples.discord, "telegram": ChatSamples.telegram,
        "zoom": ChatSamples.zoom, "intercom": ChatSamples.intercom, "meta": ChatSamples.meta, "hubspot": HubSpotSamples.all,
        "hubspot-v1": HubSpotSamples.all, "hubspot-v2": HubSpotSamples.all, "hubspot-v3": HubSpotSamples.all, "monday": MondaySamples.all,
        "twilio": TwilioSamples.forms, "twilio-sharedkey": TwilioSamples.forms, "twilio-json": TwilioSamples.json,
        "sendgrid": SendGridSamples.all, "mailgun": MailSamples.mailgun, "postmark": MailSamples.postmark, "mandrill": MailSamples.mandrill,
        "linear": LinearSamples.all, "notion": NotionSamples.all, "asana": OfficeSamples.asana, "jira": OfficeSamples.jira,
        "atlassian-connect-jwt": OfficeSamples.jira, "typeform": OfficeSamples.typeform, "calendly": OfficeSamples.calendly,
        "docusign": OfficeSamples.docusign, "dropbox": OfficeSamples.dropbox, "msgraph": OfficeSamples.msgraph,
        "zendesk": SupportSamples.zendesk, "pagerduty": SupportSamples.pagerduty, "aws-sns": CloudSamples.sns,
        "aws-sns-v1": CloudSamples.sns,
        "aws-sns-v2": CloudSamples.sns, "google-pubsub": CloudSamples.pubsub, "openai": CloudSamples.openai,
        "standard-webhooks": StandardWebhooksSamples.all, "standard-webhooks-v1a": StandardWebhooksSamples.all,
        "svix": StandardWebhooksSamples.all, "generic-hmac": StandardWebhooksSamples.all, "generic-bearer": StandardWebhooksSamples.all,
        "generic-basic": StandardWebhooksSamples.all, "generic-apikey": StandardWebhooksSamples.all,
    ]
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto

/// Where code is kept, built and run.
extension ProviderTable {
    static let code = [github, gitlabToken, gitlabSigned, bitbucket, circleci, sentry, vercel, huggingface]

    // https://docs.github.com/en/webhooks: no time is signed, so only the delivery id shows a replay; the older sha1 header
    // is never looked at.
    static let github = Provider(
        name: "github", vendor: .named("github"),
        scheme: TemplateMAC.body("X-Hub-Signature-256", prefix: "sha256="),
        id: .header("X-GitHub-Delivery"),
        type: [.header("X-GitHub-Event"), .json("action")],
        tenant: .first(.json("installation", "id"), .json("repository", "id")),
        formField: "payload",
        patience: .seconds(10), retries: false)

    // https://docs.gitlab.com/user/project/integrations/webhooks: X-Gitlab-Event-UUID is shared by hooks that call each other, so
    // it is no id. Older servers send no Idempotency-Key.
    static let gitlabToken = gitlab("gitlab-token", SharedToken(place: .header("X-Gitlab-Token")), id: "Idempotency-Key", isSigned: false)

    // The signing token may come beside X-Gitlab-Token, which is then not looked at.
    static let gitlabSigned = gitlab(
        "gitlab-signed", TemplateMAC.standard("webhook", key: .whsec(32...32)), id: "webhook-id", isSigned: true)

    private static func gitlab(_ name: String, _ scheme: any SignatureScheme, id: String, isSigned: Bool) -> Provider {
        Provider(
            name: name, vendor: .named("gitlab"), scheme: scheme,
            id: .header(id), idIsSigned: isSigned, idIsExpected: isSigned,
            type: [.first(.header("X-Gitlab-Event"), .json("object_kind"))],
            tenant: .first(.json("project_id"), .json("project", "id"), .header("X-Gitlab-Instance")),
            patience: .seconds(10), retries: false)
    }

    // https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks
    static let bitbucket = Provider(
        name: "bitbucket", vendor: .named("bitbucket"),
        scheme: TemplateMAC.body("X-Hub-Signature", prefix: "sha256="),
        // Data Center's name for it comes second.
        id: .first(.header("X-Request-UUID"), .header("X-Request-Id")),
        type: [.header("X-Event-Key")],
        tenant: .first(.json("repository", "workspace", "uuid"), .header("X-Hook-UUID")),
        patience: .seconds(10))

    // https://circleci.com/docs/guides/integration/outbound-webhooks: several versions may stand in the header, only v1 is known.
    static let circleci = Provider(
        name: "circleci", vendor: .named("circleci"),
        scheme: TemplateMAC.body("circleci-signature", prefix: "v1=", separator: UInt8(ascii: ",")),
        id: .json("id"),
        type: [.first(.json("type"), .header("circleci-event-type"))],
        tenant: .json("organization", "id"),
        patience: .seconds(5))

    // https://docs.sentry.io/integrations/integration-platform/webhooks: its timestamp is not signed, and so not looked at.
    static let sentry = Provider(
        name: "sentry", vendor: .named("sentry"),
        scheme: TemplateMAC.body("Sentry-Hook-Signature"),
        id: .header("Request-ID"),
        type: [.header("Sentry-Hook-Resource"), .json("action")],
        tenant: .json("installation", "uuid"),
        patience: .seconds(1), retries: false)

    // https://vercel.com/docs/webhooks/webhooks-api: SHA-1, and nothing stronger beside it.
    static let vercel = Provider(
        name: "vercel", vendor: .named("vercel"),
        scheme: TemplateMAC.body("x-vercel-signature", .hex, .sha1),
        id: .json("id"),
        type: [.json("type")],
        tenant: .first(.json("payload", "team", "id"), .json("payload", "user", "id")),
        patience: .seconds(30))

    // https://huggingface.co/docs/hub/webhooks: nothing tells one delivery from another.
    static let huggingface = Provider(
        name: "huggingface", vendor: .named("huggingface"),
        scheme: SharedToken(place: .header("X-Webhook-Secret")),
        type: [.json("event", "scope"), .json("event", "action")],
        tenant: .json("repo", "name"),
        patience: .seconds(10), retries: false)
}

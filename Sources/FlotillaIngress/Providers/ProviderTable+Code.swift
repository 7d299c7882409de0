// SPDX-License-Identifier: Apache-2.0

/// Where code is kept, built and run.
extension ProviderTable {
    static let code = [github]

    // https://docs.github.com/en/webhooks: no time is signed, so only the delivery id shows a replay; the older sha1 header
    // is never looked at.
    static let github = Provider(
        name: "github", vendor: .named("github"),
        scheme: TemplateHMAC(
            signature: SignatureField(header: "X-Hub-Signature-256", prefix: "sha256=", encoding: .hex),
            signed: [.body]),
        id: .header("X-GitHub-Delivery"),
        type: [.header("X-GitHub-Event"), .json("action")],
        tenant: .first(.json("installation", "id"), .json("repository", "id")),
        formField: "payload",
        patience: .seconds(10), retries: false)
}

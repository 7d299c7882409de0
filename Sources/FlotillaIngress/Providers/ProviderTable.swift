// SPDX-License-Identifier: Apache-2.0

/// The providers that hooks can name. A provider of a known scheme family is one more entry here and nothing else.
package enum ProviderTable {
    package static let all: [Provider] = [github, standardWebhooks]

    package static func named(_ name: String) -> Provider? {
        all.first { $0.name == name }
    }

    // https://docs.github.com/en/webhooks: no time is signed, so only the delivery id shows a replay; the older sha1 header
    // is never looked at.
    static let github = Provider(
        name: "github", vendor: .named("github"),
        scheme: TemplateHMAC(
            signature: SignatureField(header: "X-Hub-Signature-256", prefix: "sha256=", encoding: .hex),
            signed: [.body]),
        id: .header("X-GitHub-Delivery"), idIsSigned: false, idsAreStable: true,
        type: [.header("X-GitHub-Event"), .json("action")],
        tenant: [.json("installation", "id"), .json("repository", "id")],
        formField: "payload",
        patience: .seconds(10))

    // https://www.standardwebhooks.com: a resend keeps its id and gets a new time and signature; while a secret is being
    // rotated both sign. v1a (Ed25519) is another family.
    static let standardWebhooks = Provider(
        name: "standard-webhooks", vendor: .hook,
        scheme: TemplateHMAC(
            secret: .whsec,
            signature: SignatureField(header: "webhook-signature", prefix: "v1,", encoding: .base64, separator: UInt8(ascii: " ")),
            signed: [.header("webhook-id"), .text("."), .header("webhook-timestamp"), .text("."), .body],
            time: SignedTime(header: "webhook-timestamp")),
        id: .header("webhook-id"), idIsSigned: true, idsAreStable: true,
        type: [.json("type")],
        patience: .seconds(15))
}

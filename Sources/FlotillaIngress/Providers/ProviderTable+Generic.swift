// SPDX-License-Identifier: Apache-2.0

/// Schemes that many vendors share.
extension ProviderTable {
    static let generic = [standardWebhooks]

    // https://www.standardwebhooks.com: a resend keeps its id and gets a new time and signature; while a secret is being
    // rotated both sign. v1a (Ed25519) is another family.
    static let standardWebhooks = Provider(
        name: "standard-webhooks", vendor: .hook,
        scheme: TemplateHMAC(
            key: .whsec(24...64),
            signature: SignatureField(header: "webhook-signature", prefix: "v1,", encoding: .base64, separator: UInt8(ascii: " ")),
            signed: [.header("webhook-id"), .text("."), .header("webhook-timestamp"), .text("."), .body],
            time: SignedTime(header: "webhook-timestamp")),
        id: .header("webhook-id"), idIsSigned: true,
        type: [.json("type")],
        patience: .seconds(15))
}

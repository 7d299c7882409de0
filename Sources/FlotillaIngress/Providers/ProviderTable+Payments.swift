// SPDX-License-Identifier: Apache-2.0

/// Where things are sold and paid.
extension ProviderTable {
    static let payments = [stripe, shopify, square, paddle]

    // https://docs.stripe.com/webhooks: the secret is used whole, with its whsec_. v0 is a decoy of the test mode.
    static let stripe = Provider(
        name: "stripe", vendor: .named("stripe"),
        scheme: TemplateMAC.stamped(
            "Stripe-Signature", time: time(in: "Stripe-Signature", "t=", ",", .seconds(300)), mark: "v1=", separator: ",", joint: "."),
        id: .json("id"),
        type: [.json("type")],
        tenant: .first(.json("account"), .json("context")),
        patience: .seconds(10))

    // https://shopify.dev/docs/apps/build/webhooks: newer deliveries leave out the X-. X-Shopify-Event-Id is shared by the topics
    // of one action, so it is no id.
    static let shopify = Provider(
        name: "shopify", vendor: .named("shopify"),
        scheme: StrongestPresent(
            alternatives: [.init(header: "X-Shopify-Hmac-Sha256", way: TemplateMAC.body("X-Shopify-Hmac-Sha256", .base64))],
            otherwise: TemplateMAC.body("shopify-hmac-sha256", .base64)),
        id: .first(.header("X-Shopify-Webhook-Id"), .header("shopify-webhook-id")),
        type: [.first(.header("X-Shopify-Topic"), .header("shopify-topic"))],
        tenant: .first(.header("X-Shopify-Shop-Domain"), .header("shopify-shop-domain")),
        patience: .seconds(5))

    // https://developer.squareup.com/docs/webhooks/step3validate: the URL as it was configured there, to the last slash.
    static let square = Provider(
        name: "square", vendor: .named("square"),
        scheme: TemplateMAC(
            signature: SignatureField(header: "x-square-hmacsha256-signature", encoding: .base64),
            signed: [.url(.configured), .body], needsBody: true),
        id: .json("event_id"),
        type: [.json("type")],
        tenant: .json("merchant_id"),
        patience: .seconds(10))

    // https://developer.paddle.com/webhooks/signature-verification: five seconds are what Paddle's own libraries allow.
    static let paddle = Provider(
        name: "paddle", vendor: .named("paddle"),
        scheme: TemplateMAC.stamped(
            "Paddle-Signature", time: time(in: "Paddle-Signature", "ts=", ";", .seconds(5), isConfigurable: true), mark: "h1=",
            separator: ";", joint: ":"),
        id: .json("event_id"),
        type: [.json("event_type")],
        status: 200, patience: .seconds(5))

    static func time(
        in header: String, _ mark: String, _ separator: Character, _ tolerance: Duration, isConfigurable: Bool = false
    ) -> SignedTime {
        SignedTime(
            .header(HeaderItem(header: header, prefix: mark, separator: separator.asciiValue)), tolerance: tolerance,
            isConfigurable: isConfigurable)
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto

/// https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation: deliveries carry the
/// old signature beside the newest one, so `hubspot` lets nothing but the newest that is there decide.
extension ProviderTable {
    static let hubspot = hubspot(
        "hubspot",
        StrongestPresent(
            alternatives: [
                .init(header: signatureV3, way: schemeV3),
                .init(header: "X-HubSpot-Signature-Version", value: "v2", way: schemeV2),
            ],
            otherwise: schemeV1))
    static let hubspotV1 = hubspot("hubspot-v1", schemeV1)
    static let hubspotV2 = hubspot("hubspot-v2", schemeV2)
    static let hubspotV3 = hubspot("hubspot-v3", schemeV3)

    private static let signatureV3 = "X-HubSpot-Signature-v3"

    private static let schemeV1 = hash("v1", [.body])
    private static let schemeV2 = hash("v2", [.method, .url(.sent), .body])
    // HubSpot's own library takes 300 seconds for too old.
    private static let schemeV3 = TemplateMAC(
        signature: SignatureField(header: signatureV3, encoding: .base64),
        signed: [.method, .url(.sentOrDecoded), .body, .time],
        time: SignedTime(header: "X-HubSpot-Request-Timestamp", unit: .milliseconds, tolerance: .milliseconds(299_999)))

    private static func hash(_ version: String, _ signed: MessageTemplate) -> TemplateMAC {
        TemplateMAC(
            construction: .hashBehindSecret(.sha256),
            signature: SignatureField(header: "X-HubSpot-Signature", encoding: .hex), signed: signed,
            expected: [.init(item: HeaderItem(header: "X-HubSpot-Signature-Version"), value: version)])
    }

    private static func hubspot(_ name: String, _ scheme: any SignatureScheme) -> Provider {
        Provider(
            name: name, vendor: .named("hubspot"), scheme: scheme,
            // eventId is not unique by itself.
            id: .first(
                .joined(.json("eventId"), .json("subscriptionId"), .json("objectId"), .json("occurredAt")),
                .joined(
                    .json("eventId"), .json("subscriptionId"), .json("fromObjectId"), .json("toObjectId"), .json("occurredAt"))),
            idIsExpected: false,
            type: [.json("subscriptionType")],
            tenant: .json("portalId"),
            items: [.body],
            // Cards and actions come with the method that the app chose for them.
            methods: ["POST", "GET", "PUT", "PATCH", "DELETE"], patience: .seconds(5))
    }
}

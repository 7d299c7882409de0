// SPDX-License-Identifier: Apache-2.0

/// Schemes that many vendors share.
extension ProviderTable {
    static let generic = [standardWebhooks, svix, openai, genericHMAC, genericBearer, genericBasic, genericAPIKey]

    // https://www.standardwebhooks.com: a resend keeps its id and gets a new time and signature; while a secret is being
    // rotated both sign. v1a (Ed25519) is another family.
    static let standardWebhooks = standard(
        "standard-webhooks", .hook, TemplateMAC.standard("webhook", key: .whsec(24...64)), id: .header("webhook-id"))

    // https://docs.svix.com: the older names of the same headers; one or the other, never some of each.
    static let svix = standard(
        "svix", .hook,
        StrongestPresent(
            alternatives: [.init(header: "svix-signature", way: TemplateMAC.standard("svix", key: .whsec(24...64)))],
            otherwise: TemplateMAC.standard("webhook", key: .whsec(24...64))),
        id: .first(.given(.header("svix-signature"), begins: "", .header("svix-id")), .header("webhook-id")))

    // https://platform.openai.com/docs/guides/webhooks
    static let openai = standard(
        "openai", .named("openai"), TemplateMAC.standard("webhook", key: .whsecOrText), id: .header("webhook-id"))

    private static func standard(_ name: String, _ vendor: Provider.Vendor, _ scheme: any SignatureScheme, id: Field) -> Provider {
        Provider(name: name, vendor: vendor, scheme: scheme, id: id, idIsSigned: true, type: [.json("type")], patience: .seconds(15))
    }

    static let genericHMAC = generic("generic-hmac", ConfiguredHMAC(), fieldOptions: GenericFields.options)
    static let genericBearer = generic("generic-bearer", SharedToken(place: .bearer))
    static let genericBasic = generic("generic-basic", SharedToken(place: .basic))
    static let genericAPIKey = generic(
        "generic-apikey",
        SharedToken(place: .namedHeader(HookOption("header", default: "X-API-Key", "the header that carries the key"))))

    private static func generic(
        _ name: String, _ scheme: any SignatureScheme, fieldOptions: [HookOption] = [ConfiguredHMAC.idHeader] + GenericFields.options
    ) -> Provider {
        Provider(
            name: name, vendor: .hook, scheme: scheme,
            id: GenericFields.id, idIsExpected: false, type: [GenericFields.type], typeIsExpected: false, tenant: GenericFields.tenant,
            needsJSON: false, methods: ["POST", "PUT", "PATCH"], patience: .seconds(10), fieldOptions: fieldOptions)
    }
}

/// Where a hook of a generic scheme finds its events' attributes: in the header or at the JSON pointer that its options name.
enum GenericFields {
    static let options = [
        HookOption("id_field", "the JSON pointer to the event's id, such as /data/id"),
        HookOption("type_header", "the header that carries the event's type"),
        HookOption("type_field", default: "/type", "the JSON pointer to the event's type"),
        HookOption("tenant_header", "the header that names the tenant"),
        HookOption("tenant_field", "the JSON pointer to the tenant"),
    ]

    static let id = Field.first(.headerOption("id_header"), .pointerOption("id_field"))
    static let type = Field.first(.headerOption("type_header"), .pointerOption("type_field"))
    static let tenant = Field.first(.headerOption("tenant_header"), .pointerOption("tenant_field"))
}

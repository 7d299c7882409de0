// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaModel

/// HMAC as the hook's own options describe it: for providers that are not in the table.
struct ConfiguredHMAC: SignatureScheme {
    private static let signatureHeader = HookOption("signature_header", isRequired: true, "the header that carries the signature")
    private static let prefix = HookOption("prefix", default: "", "what stands before the signature in its header, such as sha256=")
    private static let algorithm = HookOption("algorithm", default: "sha256", "sha1, sha256 or sha512")
    private static let encoding = HookOption("encoding", default: "hex", "hex (lower case) or base64")
    private static let signed = HookOption("signed", default: "{body}", "what is signed: a text with {body}, {timestamp} and {id}")
    private static let timestampHeader = HookOption("timestamp_header", "the header that carries the time of the signature")
    private static let timestampUnit = HookOption("timestamp_unit", default: "seconds", "seconds, milliseconds or rfc3339")
    private static let tolerance = HookOption("tolerance_s", default: "300", "how many seconds that time may lie behind or ahead of now")
    static let idHeader = HookOption("id_header", "the header that carries the event's id, the same on every resend")

    var keyMeaning: String { KeyForm.text.meaning }
    var options: [HookOption] {
        [
            Self.signatureHeader, Self.prefix, Self.algorithm, Self.encoding, Self.signed, Self.timestampHeader, Self.timestampUnit,
            Self.tolerance, Self.idHeader,
        ]
    }

    func check(with settings: HookSettings) throws(HookFault) -> any SignatureCheck {
        let time = try time(settings)
        let parts = try parts(settings)
        let algorithm = try settings.choice(Self.algorithm, HashAlgorithm.self)
        let encoding = try settings.choice(Self.encoding, SignatureField.Encoding.self)
        return try TemplateMAC(
            construction: .hmac(algorithm),
            signature: SignatureField(
                header: try settings.needed(Self.signatureHeader), prefix: settings.text(Self.prefix) ?? "", encoding: encoding),
            signed: MessageTemplate(parts), time: time
        ).check(with: settings)
    }

    private func time(_ settings: HookSettings) throws(HookFault) -> SignedTime? {
        guard let header = settings.text(Self.timestampHeader) else { return nil }
        return SignedTime(
            header: header, unit: try settings.choice(Self.timestampUnit, SignedTime.Unit.self),
            tolerance: .seconds(try settings.integer(Self.tolerance, in: 1...30 * 86_400)))
    }

    private func parts(_ settings: HookSettings) throws(HookFault) -> [MessageTemplate.Part] {
        func fault(_ remedy: String) -> HookFault { HookFault(.option(Self.signed.name), remedy) }
        var parts: [MessageTemplate.Part] = []
        var rest = (settings.text(Self.signed) ?? "")[...]
        while !rest.isEmpty {
            let text = rest.prefix { $0 != "{" }
            if !text.isEmpty { parts.append(.text(String(text))) }
            rest = rest[text.endIndex...]
            guard !rest.isEmpty else { break }
            guard let end = rest.firstIndex(of: "}") else { throw fault("has a { without its }") }
            switch rest[rest.index(after: rest.startIndex)..<end] {
            case "body": parts.append(.body)
            case "timestamp":
                guard settings.text(Self.timestampHeader) != nil else { throw fault("has {timestamp}, but there is no timestamp_header") }
                parts.append(.time)
            case "id":
                guard let header = settings.text(Self.idHeader) else { throw fault("has {id}, but there is no id_header") }
                parts.append(.header(header))
            default: throw fault("may hold {body}, {timestamp} and {id}")
            }
            rest = rest[rest.index(after: end)...]
        }
        guard !parts.isEmpty else { throw fault("must not be empty") }
        return parts
    }
}

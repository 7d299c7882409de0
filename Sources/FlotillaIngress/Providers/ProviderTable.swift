// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto

/// The providers that hooks can name. A provider of a known scheme family is one more entry in one of the groups and nothing else.
package enum ProviderTable {
    package static let all: [Provider] = code + payments + messaging + work + generic

    private static let byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }

    /// A name that goes on behind `generic-hmac` is generic HMAC.
    package static func named(_ name: String) -> Provider? {
        byName[name] ?? (name.hasPrefix(genericHMAC.name + "-") ? genericHMAC : nil)
    }
}

/// What several entries are made of.
extension TemplateMAC {
    /// HMAC of the body alone.
    static func body(
        _ header: String, prefix: String = "", _ encoding: SignatureField.Encoding = .hex, _ algorithm: HashAlgorithm = .sha256,
        separator: UInt8? = nil, numbers: ClosedRange<Int>? = nil
    ) -> TemplateMAC {
        TemplateMAC(
            construction: .hmac(algorithm),
            signature: SignatureField(header: header, prefix: prefix, encoding: encoding, separator: separator, numbers: numbers),
            signed: [.body])
    }

    /// Standard Webhooks v1 with header names that begin so: `webhook-id`, `svix-id`.
    static func standard(_ name: String, key: KeyForm) -> TemplateMAC {
        TemplateMAC(
            key: key,
            signature: SignatureField(header: "\(name)-signature", prefix: "v1,", encoding: .base64, separator: UInt8(ascii: " ")),
            signed: [.header("\(name)-id"), .text("."), .time, .text("."), .body],
            time: SignedTime(header: "\(name)-timestamp"))
    }

    /// `t=1492774577,v1=5257…`: time and signatures in one header, the time in front of the body.
    static func stamped(_ header: String, time: SignedTime, mark: String, separator: Character, joint: String) -> TemplateMAC {
        TemplateMAC(
            signature: SignatureField(header: header, prefix: mark, encoding: .hex, separator: separator.asciiValue),
            signed: [.time, .text(joint), .body], time: time)
    }

    /// `v0=` and the code of `v0:time:body`.
    static func versionZero(_ header: String, time: String) -> TemplateMAC {
        TemplateMAC(
            signature: SignatureField(header: header, prefix: "v0=", encoding: .hex),
            signed: [.text("v0:"), .time, .text(":"), .body], time: SignedTime(header: time))
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime

/// How a provider's secret becomes the bytes of a key.
enum SecretForm: Sendable {
    /// The text itself, as UTF-8.
    case text
    /// `whsec_` and base64, as Standard Webhooks writes it; senders leave out the prefix, the padding, or both.
    case whsec

    static let whsecBytes = 24...64

    func key(from secret: Secret) throws(SecretFault) -> [UInt8] {
        guard !secret.isEmpty else { throw .empty }
        switch self {
        case .text:
            return secret.withBytes { $0 }
        case .whsec:
            let text = secret.expose()
            var encoded = text.hasPrefix("whsec_") ? String(text.dropFirst(6)) : text
            while !encoded.utf8.count.isMultiple(of: 4) { encoded += "=" }
            guard let key = Base64.decode(encoded) else { throw .notBase64 }
            guard Self.whsecBytes.contains(key.count) else { throw .length(Self.whsecBytes) }
            return key
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
package import FlotillaRuntime

/// One key of a hook, as text, and how that text is to be read. Made from the configuration or from a line of `hooks verify`;
/// the hook's scheme turns it into a key, or says why it is none.
package struct HookKey: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// As the provider hands it out, and so as it stands in the configuration: the scheme knows how to read it.
        case provided
        /// The text itself is the key.
        case utf8
        /// Base64 behind an optional `whsec_`.
        case whsec = "whsec-base64"
        case whpkEd25519 = "whpk-ed25519"
        case ed25519Hex = "ed25519-hex"
        case p256SPKI = "p256-spki-base64"
        case x509PEM = "x509-pem"
        /// `user:password`.
        case basic

        /// The kind of that name; what follows in parentheses is a remark.
        package init?(named name: String) {
            let words = name.prefix { $0 != "(" }.split(separator: " ")
            guard words.count == 1 else { return nil }
            self.init(rawValue: String(words[0]))
        }
    }

    package let kind: Kind
    package let text: Secret

    package init(_ text: Secret, kind: Kind = .provided) {
        self.text = text
        self.kind = kind
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
package import FlotillaRuntime

/// One bearer token of FLOTILLA_API_TOKENS: who has it, and what it opens. Its text is hashed when the configuration is read, and not kept.
package struct APIToken: Sendable {
    package enum Scope: String, Sendable, CaseIterable {
        case events, tokens, search, inbox
    }

    package let name: String
    package let scopes: Set<Scope>
    /// The only tenant that it speaks for; nil for one that may speak for any.
    package let tenant: String?
    private let digest: [UInt8]

    package init(name: String, scopes: Set<Scope>, tenant: String? = nil, text: Secret) throws {
        self.name = name
        self.scopes = scopes
        self.tenant = tenant
        digest = try text.withBytes { try Digest.sha256($0) }
    }

    /// Takes the same time for every token and every text.
    func has(digest other: [UInt8]) -> Bool {
        constantTimeEquals(digest, other)
    }

    func hasText(of other: APIToken) -> Bool { has(digest: other.digest) }
}

// SPDX-License-Identifier: Apache-2.0

/// A body as a provider would send it, written for trying a hook out: `flotilla send`.
package struct Sample: Sendable {
    /// In the provider's own words, as the event's type will say after the vendor.
    package let type: String
    package let body: [UInt8]

    init(_ type: String, _ body: String) {
        self.type = type
        self.body = Array(body.utf8)
    }

    /// The first one is sent when no type is asked for.
    package static func all(of provider: Provider) -> [Sample] {
        switch provider.name {
        case ProviderTable.github.name: GitHubSamples.all
        case ProviderTable.standardWebhooks.name: StandardWebhooksSamples.all
        default: []
        }
    }

    package static func named(_ type: String?, of provider: Provider) -> Sample? {
        guard let type else { return all(of: provider).first }
        return all(of: provider).first { $0.type == type }
    }
}

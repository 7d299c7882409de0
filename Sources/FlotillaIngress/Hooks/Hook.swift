// SPDX-License-Identifier: Apache-2.0

package import FlotillaRuntime

/// One configured webhook endpoint: its name, its provider, and the provider's scheme with the hook's secrets. Made from the
/// configuration at start; a change of secrets makes a new one.
package struct Hook: Sendable {
    package let name: String
    package let provider: Provider
    let check: any SignatureCheck
    /// Where its events' attributes stand in a JSON body.
    let paths: [[String]]

    package init(name: String, provider: Provider, secrets: [Secret]) throws(SecretFault) {
        self.name = name
        self.provider = provider
        paths = RequestFields.paths(of: provider)
        check = try provider.scheme.check(with: secrets)
    }

    package var source: String { "/hooks/\(name)" }

    /// The first part of its events' types.
    package var vendor: String {
        switch provider.vendor {
        case .named(let name): name
        case .hook: name
        }
    }
}

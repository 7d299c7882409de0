// SPDX-License-Identifier: Apache-2.0

/// The providers that hooks can name. A provider of a known scheme family is one more entry in one of the groups and nothing else.
package enum ProviderTable {
    package static let all: [Provider] = code + generic

    private static let byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }

    package static func named(_ name: String) -> Provider? {
        byName[name]
    }
}

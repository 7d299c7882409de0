// SPDX-License-Identifier: Apache-2.0

/// What may be told of a hook's settings: for `flotilla hooks list`.
package struct HookSummary: Sendable, Equatable {
    /// How many. None where the provider hands the secret over in a handshake.
    package let secrets: Int
    /// Without the user and password that it may have.
    package let url: String?
    /// The names of those that are not at their defaults.
    package let options: [String]
}

extension Hook {
    package var summary: HookSummary {
        let url = settings.url.flatMap { URLParts($0) }.map { parts in
            "\(parts.scheme)://\(parts.host)\(parts.port.map { ":" + $0 } ?? "")\(parts.rest)"
        }
        let changed = provider.options.filter { settings.options[$0.name] != $0.fallback }
        return HookSummary(secrets: settings.keys.count, url: url, options: changed.map(\.name).sorted())
    }
}

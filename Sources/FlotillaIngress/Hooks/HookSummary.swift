// SPDX-License-Identifier: Apache-2.0

/// What may be told of a hook's settings: made with the hook, for `flotilla hooks list`.
package struct HookSummary: Sendable, Equatable {
    /// How many.
    package let secrets: Int
    /// Without the user and password that it may have.
    package let url: String?
    /// The names of those that are set.
    package let options: [String]

    init(_ settings: HookSettings) {
        secrets = settings.keys.count
        url = settings.url.flatMap { URLParts($0) }.map { parts in
            parts.port.map { "\(parts.scheme)://\(parts.host):\($0)\(parts.rest)" } ?? "\(parts.scheme)://\(parts.host)\(parts.rest)"
        }
        options = settings.options.keys.sorted()
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The hooks of one ingress, by name.
package struct HookTable: Sendable {
    private let hooks: [String: Hook]

    package init(_ hooks: [Hook]) {
        self.hooks = Dictionary(hooks.map { ($0.name, $0) }) { first, _ in first }
    }

    package var all: [Hook] { hooks.values.sorted { $0.name < $1.name } }

    package subscript(name: some StringProtocol) -> Hook? { hooks[String(name)] }

    /// The name that a request's path holds, as it was sent: a hook's name needs no escapes.
    static func name(in path: Substring) -> Substring? {
        path.hasPrefix("/hooks/") ? path.dropFirst(7) : nil
    }
}

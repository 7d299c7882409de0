// SPDX-License-Identifier: Apache-2.0

/// The hooks of one ingress, by name.
package struct HookTable: Sendable {
    private let hooks: [String: Hook]

    package init(_ hooks: [Hook]) {
        self.hooks = Dictionary(hooks.map { ($0.name, $0) }) { first, _ in first }
    }

    package var all: [Hook] { hooks.values.sorted { $0.name < $1.name } }

    package subscript(name: some StringProtocol) -> Hook? { hooks[String(name)] }
}

// SPDX-License-Identifier: Apache-2.0

/// One thing beside its keys that a scheme reads. This description is all there is of it: configuration, `hooks verify` and the
/// help of `hooks schemes` follow it.
package struct HookOption: Sendable, Equatable {
    /// In the configuration file and in the `config` of `hooks verify`; in upper case the end of `FLOTILLA_HOOK_<NAME>_…`.
    package let name: String
    /// Nil where there is none.
    package let fallback: String?
    package let isRequired: Bool
    package let meaning: String

    init(_ name: String, default fallback: String? = nil, isRequired: Bool = false, _ meaning: String) {
        self.name = name
        self.fallback = fallback
        self.isRequired = isRequired
        self.meaning = meaning
    }

    package func variable(of hook: String) -> String {
        HookName.variable(hook, name.uppercased())
    }
}

// SPDX-License-Identifier: Apache-2.0

/// One line of the configuration's table: what a variable is called, what holds without it, and what it means.
package struct Variable: Sendable, Hashable {
    package let name: String
    /// As it would be written into the environment; nil when there is none.
    package let fallback: String?
    package let meaning: String

    package init(_ name: String, default fallback: String? = nil, _ meaning: String) {
        self.name = name
        self.fallback = fallback
        self.meaning = meaning
    }

    /// The same variable where a program has a default of its own.
    package func with(default fallback: String?) -> Variable {
        Variable(name, default: fallback, meaning)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// One thing that is wrong with the configuration: where, and what would be right. It never holds the value, which may be a secret.
package struct ConfigurationFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// A variable's name, or a place in the configuration file such as `/etc/flotilla.json: hooks.github`.
    package let name: String
    package let remedy: String

    package init(_ name: String, _ remedy: String) {
        self.name = name
        self.remedy = remedy
    }

    package var description: String { "\(name) \(remedy)" }
}

/// All faults of a configuration, reported together. The process prints them and exits with `exitStatus`.
package struct ConfigurationFaults: Error, Sendable, Equatable, CustomStringConvertible {
    /// EX_CONFIG of sysexits.h.
    package static let exitStatus: Int32 = 78

    package let faults: [ConfigurationFault]

    package init(_ faults: [ConfigurationFault]) {
        self.faults = faults
    }

    package var description: String { faults.map(\.description).joined(separator: "\n") }
}

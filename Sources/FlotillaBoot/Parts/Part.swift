// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
package import FlotillaRuntime

/// One thing that a process does: the ingress, a worker. Read from the configuration together with all others, so that every fault
/// is reported at once; then built, run and drained as a service.
package protocol Part: Sendable {
    /// That of its service.
    var name: String { get }
    var stage: Stage { get }
    /// What the part needs on the broker, before anything of the process is built; done again when it did not work.
    func prepare(_ broker: any Broker) async throws
    func build(_ process: ProcessResources) async throws -> any Service
    /// For `--check`: reaches what the part needs beside broker and store, and lets go of it.
    func check() async throws
}

extension Part {
    package func prepare(_ broker: any Broker) async throws {}
    package func check() async throws {}
}

/// The order in which a process drains: the door closes first, what has come in is worked off, and then the process can't be asked
/// how it is any more.
package enum Stage: Int, Sendable, CaseIterable {
    case door, work, admin
}

/// What a program reads besides its variables, and what it becomes.
package struct Composition: Sendable {
    package var parts: [any Part]
    /// What runs and where, what is off and why: a line each, for a person.
    package var lines: [String] = []

    package init(parts: [any Part], lines: [String] = []) {
        self.parts = parts
        self.lines = lines
    }
}

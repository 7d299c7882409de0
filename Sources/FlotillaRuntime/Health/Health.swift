// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// How a part of the process is. Reasons are words of our own: they are shown to whoever can reach the admin port, and hold no secrets.
package enum HealthState: Sendable, Equatable {
    case starting
    case ready
    /// Ready, and there is something that an operator should know.
    case warning(String)
    case failing(String)
    case draining
}

/// Which parts of the process are ready. Made by main; each part reports its own state under its own name whenever that changes.
package final class Health: Sendable {
    private let checks = Mutex<[HealthCheck]>([])

    package init() {}

    package func report(_ name: String, _ state: HealthState) {
        checks.withLock { checks in
            if let place = checks.firstIndex(where: { $0.name == name }) {
                checks[place].state = state
            } else {
                checks.append(HealthCheck(name: name, state: state))
            }
        }
    }

    package var report: HealthReport { HealthReport(checks: checks.withLock { $0 }) }
}

package struct HealthCheck: Sendable, Equatable {
    package let name: String
    package var state: HealthState

    package init(name: String, state: HealthState) {
        self.name = name
        self.state = state
    }
}

// SPDX-License-Identifier: Apache-2.0

/// How a group of services came to its end. The program makes its exit status of it.
package enum Ending: Sendable {
    /// All finished what they held.
    case drained
    /// Some did not finish within the limit, and were cancelled.
    case deadline
    /// Somebody did not want to wait.
    case secondSignal(ProcessSignal)
    case failed(service: String, error: any Error)

    package var exitStatus: Int32 {
        switch self {
        case .drained: 0
        case .deadline, .failed: 1
        case .secondSignal(let signal): signal.exitStatus
        }
    }
}

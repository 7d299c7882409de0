// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel
internal import Synchronization

/// Keeps a line that a network can provoke (a refused signature, a malformed request) from filling the disk: so many in each
/// period, and the first line of a later period says how many were left out. Made beside the logger by whoever writes such lines.
package final class LogThrottle: Sendable {
    private struct State {
        var periodEnd: Timestamp
        var admitted = 0
        var suppressed = 0
    }

    private let limit: Int
    private let period: Duration
    private let state = Mutex(State(periodEnd: Timestamp(microseconds: .min)))

    package init(_ limit: Int, each period: Duration) {
        self.limit = limit
        self.period = period
    }

    /// Nil when the line must not be written, else how many were left out since the last one.
    package func admit(at now: Timestamp) -> Int? {
        state.withLock { state in
            if now >= state.periodEnd {
                state.periodEnd = now + period
                state.admitted = 0
            }
            guard state.admitted < limit else {
                state.suppressed += 1
                return nil
            }
            state.admitted += 1
            defer { state.suppressed = 0 }
            return state.suppressed
        }
    }
}

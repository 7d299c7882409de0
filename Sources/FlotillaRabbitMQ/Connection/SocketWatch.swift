// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime
internal import Glibc
internal import Synchronization

/// What other threads may do to a connection whose own thread can be stuck in a call without a deadline: look how long it has been
/// there, and end the socket under it. Made with its Line, and used for each of its connections in turn.
final class SocketWatch: Sendable {
    private struct State {
        var descriptor: Int32?
        var busySince: UInt64?
        /// Of calls within calls the first one counts.
        var depth = 0
        var ailment: String?
        var isBlocked = false
    }

    private let state: Mutex<State>

    /// - Parameter ailment: as long as nothing has happened.
    init(ailment: String? = "the broker is not connected yet") {
        state = Mutex(State(ailment: ailment))
    }

    var ailment: String? { state.withLock { $0.ailment } }
    /// The broker is there, and takes no messages.
    var isBlocked: Bool { state.withLock { $0.isBlocked } }

    func set(ailment: String?, isBlocked: Bool) {
        state.withLock { state in
            state.ailment = ailment
            state.isBlocked = isBlocked
        }
    }

    func opened(_ descriptor: Int32) { state.withLock { $0.descriptor = descriptor } }

    /// Before the descriptor is closed, so that nobody shuts down what another has opened under the same number. librabbitmq closes it
    /// by itself after a timeout; this follows at once.
    func closing() { state.withLock { $0.descriptor = nil } }

    func enters() {
        let now = MonotonicClock.now
        state.withLock { state in
            if state.depth == 0 { state.busySince = now }
            state.depth += 1
        }
    }

    func leaves() {
        state.withLock { state in
            state.depth -= 1
            if state.depth == 0 { state.busySince = nil }
        }
    }

    /// Ends the connection under a call that has lasted longer.
    func end(ifBusyFor limit: Duration) {
        let now = MonotonicClock.now
        state.withLock { state in
            guard let since = state.busySince, now &- since > limit.inNanoseconds, let descriptor = state.descriptor else { return }
            Glibc.shutdown(descriptor, Int32(SHUT_RDWR))
        }
    }

    /// Ends the connection at once, as the kernel does for a killed process.
    func cut() {
        state.withLock { state in
            if let descriptor = state.descriptor { Glibc.shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }
}

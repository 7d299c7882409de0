// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// The identity that a server shows now. Connections keep the one that they began with; those that come after a change get the new one.
package final class TLSCredentials: Sendable {
    private let current: Mutex<TLSIdentity>

    package init(_ identity: TLSIdentity) {
        current = Mutex(identity)
    }

    package func replace(with identity: TLSIdentity) {
        current.withLock { $0 = identity }
    }

    func session() -> TLSSession? {
        current.withLock { $0 }.session()
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// The way onto a Loop that ends before those who use it do: what would be posted too late is known not to run.
package final class Door: Sendable {
    private let loop: Loop
    private let closed = Mutex(false)

    package init(_ loop: Loop) {
        self.loop = loop
    }

    /// False when it is closed: the body will never run.
    @discardableResult
    package func post(_ body: @escaping @Sendable () -> Void) -> Bool {
        closed.withLock { closed in
            if !closed { loop.post(body) }
            return !closed
        }
    }

    /// Runs a last body, then ends the loop. Returns when the thread has ended.
    package func close(_ body: @escaping @Sendable () -> Void) async {
        let first = closed.withLock { closed in
            defer { closed = true }
            if !closed { loop.post(body) }
            return !closed
        }
        if first { loop.stop() }
        await loop.ended()
    }
}

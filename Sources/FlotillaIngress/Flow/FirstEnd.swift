// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Somebody who waits for the first of several ends, and hears nothing of the others.
final class FirstEnd<Value: Sendable>: Sendable {
    private let waiting: Mutex<CheckedContinuation<Value, Never>?>

    init(_ waiting: CheckedContinuation<Value, Never>) {
        self.waiting = Mutex(waiting)
    }

    /// False when another end came before.
    func reach(_ value: Value) -> Bool {
        let waiting = waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        waiting?.resume(returning: value)
        return waiting != nil
    }
}

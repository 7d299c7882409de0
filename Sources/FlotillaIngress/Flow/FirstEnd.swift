// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Somebody who waits for the first of several ends, and hears nothing of the others.
final class FirstEnd<Value: Sendable>: Sendable {
    private let waiting: Mutex<(@Sendable (Value) -> Void)?>

    init(_ waiting: @escaping @Sendable (Value) -> Void) {
        self.waiting = Mutex(waiting)
    }

    /// False when another end came before.
    func reach(_ value: Value) -> Bool {
        let waiting = waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        waiting?(value)
        return waiting != nil
    }
}

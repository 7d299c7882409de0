// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime
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

extension Deadlines {
    /// What the work returns, or nil once that moment has come: the work then goes on without anybody who waits for it.
    func value<Value: Sendable>(until due: UInt64, of work: @escaping @Sendable () async -> Value) async -> Value? {
        await withCheckedContinuation { continuation in
            let end = FirstEnd<Value?>(continuation)
            let ticket = add(at: due) { _ = end.reach(nil) }
            Task.immediate {
                let value = await work()
                remove(ticket)
                _ = end.reach(value)
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// One thing to do within a turn: made by a caller, performed on the file's loop inside a transaction, finished after its commit.
/// `perform` may run again in a transaction of its own, when the one that it shared failed for another's sake.
protocol Operation: AnyObject, Sendable {
    func perform(in turn: Turn) throws
    /// After the commit, or with what went wrong.
    func finish(_ failure: (any Error)?)
}

/// An operation with a result that its caller waits for. Performed once at a time, by the loop.
///
/// Sendable because it is handed over to the loop through the inbox, and from then on touched there alone.
final class Work<Value: Sendable>: Operation, @unchecked Sendable {
    private let body: (Turn) throws -> Value
    private let continuation: CheckedContinuation<Value, any Error>
    private var value: Value?

    init(_ continuation: CheckedContinuation<Value, any Error>, _ body: @escaping (Turn) throws -> Value) {
        self.continuation = continuation
        self.body = body
    }

    func perform(in turn: Turn) throws {
        value = try body(turn)
    }

    func finish(_ failure: (any Error)?) {
        if let failure {
            continuation.resume(throwing: failure)
        } else if let value {
            continuation.resume(returning: value)
        } else {
            continuation.resume(throwing: CancellationError())
        }
    }
}

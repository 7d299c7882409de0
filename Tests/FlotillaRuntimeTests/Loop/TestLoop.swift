// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime
internal import Synchronization

extension Loop {
    /// A loop of one test, ended with it.
    static func use(_ body: (Loop) async throws -> Void) async throws {
        let loop = try Loop("test")
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(loop))
        } catch {
            outcome = .failure(error)
        }
        loop.stop()
        await loop.ended()
        try outcome.get()
    }

    /// Runs something on the loop and waits for it.
    func perform<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            post { continuation.resume(with: Swift.Result { try body() }) }
        }
    }
}

/// Collects what callbacks say, and lets the test wait until they have said enough.
final class Notes: Sendable {
    private struct State {
        var all: [String] = []
        var waiters: [(count: Int, continuation: CheckedContinuation<[String], Never>)] = []
    }

    private let state = Mutex(State())

    func add(_ note: String) {
        let ready = state.withLock { state in
            state.all.append(note)
            let count = state.all.count
            defer { state.waiters.removeAll { $0.count <= count } }
            return state.waiters.filter { $0.count <= count }.map { ($0.continuation, state.all) }
        }
        for (continuation, notes) in ready { continuation.resume(returning: notes) }
    }

    var all: [String] { state.withLock { $0.all } }

    func first(_ count: Int) async -> [String] {
        await withCheckedContinuation { continuation in
            let notes: [String]? = state.withLock { state in
                guard state.all.count < count else { return state.all }
                state.waiters.append((count, continuation))
                return nil
            }
            if let notes { continuation.resume(returning: notes) }
        }
    }
}

/// What only the loop's thread touches.
///
/// Sendable because tests read and write `value` on the loop's thread alone.
final class OnLoop<Value>: @unchecked Sendable {
    var value: Value

    init(_ value: Value) {
        self.value = value
    }
}

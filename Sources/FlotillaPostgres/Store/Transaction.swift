// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime
internal import Synchronization

/// An explicit transaction on one line: made by `PostgresStore.transaction`, begun with the first thing that is asked, ended by it.
/// At READ COMMITTED: each statement sees what was committed before it.
final class Transaction: Sendable {
    private enum State {
        case new, begun, over
    }

    private let lease: Lease
    private let store: PostgresStore
    private let limit: Duration
    private let state = Mutex(State.new)

    init(_ lease: Lease, store: PostgresStore, limit: Duration) {
        self.lease = lease
        self.store = store
        self.limit = limit
    }

    /// In one round trip, one after the other.
    func ask(_ calls: [Call]) async throws(PostgresFailure) -> [Rows] {
        let begins = state.withLock { state in
            defer { if state == .new { state = .begun } }
            return state == .new
        }
        let rows = try await send(begins ? [Query.begin()] + calls : calls)
        return begins ? Array(rows.dropFirst()) : rows
    }

    func ask(_ call: Call) async throws(PostgresFailure) -> Rows { try await ask([call])[0] }

    /// The last that is asked, committed in the same round trip.
    func finish(_ calls: [Call]) async throws(PostgresFailure) -> [Rows] {
        let rows = try await ask(calls + [Query.commit()])
        try conclude(rows.last)
        return Array(rows.dropLast())
    }

    /// Commits what is not committed yet, and gives the line back.
    func end() async throws(PostgresFailure) {
        if state.withLock({ $0 == .begun }) { try conclude(await send([Query.commit()]).last) }
        release()
    }

    /// Undoes it, and gives the line back.
    func abandon() async {
        if state.withLock({ $0 == .begun }) { _ = try? await send([Query.rollback()]) }
        release()
    }

    /// The server answers to a commit of what has failed that it undid it.
    private func conclude(_ commit: Rows?) throws(PostgresFailure) {
        state.withLock { $0 = .over }
        guard commit?.tag == "COMMIT" else { throw PostgresFailure(.refused("25P02"), "the transaction had failed, and was undone") }
    }

    private func release() {
        state.withLock { $0 = .over }
        store.door.post { [lease, store] in store.calls.release(lease) }
    }

    private func send(_ calls: [Call]) async throws(PostgresFailure) -> [Rows] {
        let answer = await withCheckedContinuation { continuation in
            let posted = store.door.post { [lease, limit] in
                lease.line.ask(calls, in: lease.incarnation, within: limit) { continuation.resume(returning: $0) }
            }
            if !posted { continuation.resume(returning: Line.Answer.failure(.away("the store is closed"))) }
        }
        return try answer.get()
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// For tests: those who sleep wake when it is told to move the time, never by themselves.
package final class ManualSleeper: Sleeper {
    private struct Nap {
        let end: Duration
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Duration.zero
        var next = 0
        var naps: [Int: Nap] = [:]
        /// Cancelled before they slept.
        var cancelled: Set<Int> = []
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    package init() {}

    package func sleep(for duration: Duration) async throws {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { begin(id, duration, $0) }
        } onCancel: {
            cancel(id)
        }
    }

    package func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now += duration
            let due = state.naps.filter { $0.value.end <= state.now }.sorted { $0.value.end < $1.value.end }
            for nap in due { state.naps[nap.key] = nil }
            return due.map(\.value.continuation)
        }
        for continuation in due { continuation.resume() }
    }

    /// Returns once so many sleep: only then is it sure that moving the time wakes them.
    package func sleeping(atLeast count: Int) async {
        await withCheckedContinuation { continuation in
            let enough = state.withLock { state in
                if state.naps.count < count { state.watchers.append((count, continuation)) }
                return state.naps.count >= count
            }
            if enough { continuation.resume() }
        }
    }

    private func begin(_ id: Int, _ duration: Duration, _ continuation: CheckedContinuation<Void, any Error>) {
        let (sleeps, watchers) = state.withLock { state in
            guard state.cancelled.remove(id) == nil else { return (false, [CheckedContinuation<Void, Never>]()) }
            state.naps[id] = Nap(end: state.now + duration, continuation: continuation)
            let count = state.naps.count
            defer { state.watchers.removeAll { $0.count <= count } }
            return (true, state.watchers.filter { $0.count <= count }.map(\.continuation))
        }
        if !sleeps { continuation.resume(throwing: CancellationError()) }
        for watcher in watchers { watcher.resume() }
    }

    private func cancel(_ id: Int) {
        let nap = state.withLock { state in
            // A nap that already ended is not in the list either, so its id may stay behind: an integer, and only in tests.
            if state.naps[id] == nil { state.cancelled.insert(id) }
            return state.naps.removeValue(forKey: id)
        }
        nap?.continuation.resume(throwing: CancellationError())
    }
}

// SPDX-License-Identifier: Apache-2.0

package import FlotillaRuntime
internal import Synchronization

/// Sleeps by a manual clock: `advance` moves the clock and wakes whoever has slept long enough. Nobody wakes by himself.
package final class ManualSleeper: Sleeper {
    private struct Nap {
        let number: Int
        let due: Duration
        let duration: Duration
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var naps: [Nap] = []
        var next = 0
        /// Cancelled before they slept.
        var cancelled: Set<Int> = []
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
        /// One for each time that somebody went to sleep for this long.
        var tallies: [Duration: Tally] = [:]

        mutating func tally(_ duration: Duration) -> Tally {
            if let known = tallies[duration] { return known }
            let tally = Tally()
            tallies[duration] = tally
            return tally
        }
    }

    private let clock: ManualClock
    private let state = Mutex(State())

    package init(_ clock: ManualClock = ManualClock()) {
        self.clock = clock
    }

    package func sleep(for duration: Duration) async throws {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation {
                begin(Nap(number: number, due: clock.uptime + duration, duration: duration, continuation: $0))
            }
        } onCancel: {
            let nap = state.withLock { state -> Nap? in
                guard let index = state.naps.firstIndex(where: { $0.number == number }) else {
                    // It has ended already, or not begun: then it is told.
                    state.cancelled.insert(number)
                    return nil
                }
                return state.naps.remove(at: index)
            }
            nap?.continuation.resume(throwing: CancellationError())
        }
    }

    /// - Parameter slept: of those whose time has come only they wake that sleep for this long; nil: all.
    package func advance(by duration: Duration, waking slept: Duration? = nil) {
        clock.advance(by: duration)
        let now = clock.uptime
        let due = state.withLock { state in
            let isDue = { (nap: Nap) in nap.due <= now && slept ?? nap.duration == nap.duration }
            defer { state.naps.removeAll(where: isDue) }
            return state.naps.filter(isDue).sorted { $0.due < $1.due }
        }
        for nap in due { nap.continuation.resume() }
    }

    /// Wakes whoever sleeps for this long, as if no time passed by it.
    package func wake(_ slept: Duration) {
        let naps = state.withLock { state in
            defer { state.naps.removeAll { $0.duration == slept } }
            return state.naps.filter { $0.duration == slept }
        }
        for nap in naps { nap.continuation.resume() }
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

    /// Returns when somebody has gone to sleep for this long so many times.
    package func slept(_ count: Int, for duration: Duration) async throws {
        let tally = state.withLock { $0.tally(duration) }
        try await within { await tally.reach(count) }
    }

    private func begin(_ nap: Nap) {
        let (sleeps, watchers, tally) = state.withLock { state in
            let sleeps = state.cancelled.remove(nap.number) == nil
            if sleeps { state.naps.append(nap) }
            let count = state.naps.count
            defer { state.watchers.removeAll { $0.count <= count } }
            return (sleeps, state.watchers.filter { $0.count <= count }.map(\.continuation), state.tally(nap.duration))
        }
        if !sleeps { nap.continuation.resume(throwing: CancellationError()) }
        for watcher in watchers { watcher.resume() }
        tally.add()
    }
}

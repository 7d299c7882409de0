// SPDX-License-Identifier: Apache-2.0

import FlotillaModel
import FlotillaRuntime
import Synchronization
import TestSupport

/// Sleeps by a manual clock: `advance` moves the clock and wakes whoever has slept long enough.
final class ManualSleeper: Sleeper {
    private struct Nap {
        let number: Int
        let due: Timestamp
        let duration: Duration
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var naps: [Nap] = []
        var next = 0
        var cancelled: Set<Int> = []
    }

    let clock: ManualClock
    private let state = Mutex(State())
    /// One for each time that somebody went to sleep for this long.
    private let tallies = Mutex<[Duration: Tally]>([:])

    init(_ clock: ManualClock) {
        self.clock = clock
    }

    func sleep(for duration: Duration) async throws {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let already = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return true }
                    state.naps.append(Nap(number: number, due: clock.now + duration, duration: duration, continuation: continuation))
                    return false
                }
                if already { continuation.resume(throwing: CancellationError()) }
                tally(duration).add()
            }
        } onCancel: {
            let nap = state.withLock { state -> Nap? in
                guard let index = state.naps.firstIndex(where: { $0.number == number }) else {
                    state.cancelled.insert(number)
                    return nil
                }
                return state.naps.remove(at: index)
            }
            nap?.continuation.resume(throwing: CancellationError())
        }
    }

    func advance(by duration: Duration) {
        clock.advance(by: duration)
        let now = clock.now
        let due = state.withLock { state in
            defer { state.naps.removeAll { $0.due <= now } }
            return state.naps.filter { $0.due <= now }
        }
        for nap in due { nap.continuation.resume() }
    }

    /// As far, but of those whose time has come only they wake that sleep for this long.
    func advance(by duration: Duration, waking slept: Duration) {
        clock.advance(by: duration)
        let now = clock.now
        let due = state.withLock { state in
            defer { state.naps.removeAll { $0.due <= now && $0.duration == slept } }
            return state.naps.filter { $0.due <= now && $0.duration == slept }
        }
        for nap in due { nap.continuation.resume() }
    }

    /// Returns when somebody has gone to sleep for this long so many times.
    func slept(_ count: Int, for duration: Duration) async throws {
        let tally = tally(duration)
        try await within { await tally.reach(count) }
    }

    private func tally(_ duration: Duration) -> Tally {
        tallies.withLock { tallies in
            if let known = tallies[duration] { return known }
            let tally = Tally()
            tallies[duration] = tally
            return tally
        }
    }
}

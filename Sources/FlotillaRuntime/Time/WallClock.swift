// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel
internal import Glibc
internal import Synchronization

/// What time it is for people and other machines. Handed in through `init`.
package protocol WallClock: Sendable {
    var now: Timestamp { get }
    /// Grows evenly, whoever sets the clock: for deadlines inside a process.
    var uptime: Duration { get }
}

package struct SystemClock: WallClock {
    package init() {}

    package var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    package var uptime: Duration { .nanoseconds(Int64(clamping: MonotonicClock.now)) }
}

/// A clock for tests: it stands still until it is told to move.
package final class ManualClock: WallClock {
    private struct Time {
        var now: Timestamp
        var uptime = Duration.zero
    }

    private let time: Mutex<Time>

    package init(_ start: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) {
        time = Mutex(Time(now: start))
    }

    package var now: Timestamp { time.withLock { $0.now } }
    package var uptime: Duration { time.withLock { $0.uptime } }

    package func advance(by duration: Duration) {
        time.withLock { time in
            time.now = time.now + duration
            time.uptime += duration
        }
    }

    /// As somebody who sets the machine's clock.
    package func set(_ moment: Timestamp) {
        time.withLock { $0.now = moment }
    }
}

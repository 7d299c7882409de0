// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel
internal import Glibc
internal import Synchronization

/// What time it is for people and other machines. Handed in through `init`; deadlines inside a process use monotonic time instead.
package protocol WallClock: Sendable {
    var now: Timestamp { get }
}

package struct SystemClock: WallClock {
    package init() {}

    package var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}

/// A clock for tests: it stands still until it is told to move.
package final class ManualClock: WallClock {
    private let time: Mutex<Timestamp>

    package init(_ start: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) {
        time = Mutex(start)
    }

    package var now: Timestamp { time.withLock { $0 } }

    package func advance(by duration: Duration) {
        time.withLock { $0 = $0 + duration }
    }

    package func set(_ moment: Timestamp) {
        time.withLock { $0 = moment }
    }
}

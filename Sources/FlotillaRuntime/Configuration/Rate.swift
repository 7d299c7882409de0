// SPDX-License-Identifier: Apache-2.0

/// How much of something in how much time, as people write it: `100/s`, `6000/m`, `50/h`. What of one period is not used may come at once.
package struct Rate: Sendable, Equatable {
    package let count: Int
    package let period: Duration

    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let periods: [String: Duration] = ["s": .seconds(1), "m": .seconds(60), "min": .seconds(60), "h": .seconds(3600)]
        guard parts.count == 2, (1...9).contains(parts[0].utf8.count), parts[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let count = Int(parts[0]), count > 0, let period = periods[parts[1]]
        else { return nil }
        self.count = count
        self.period = period
    }

    package static let expected = "a rate such as 100/s, 6000/m or 50/h"
}

/// Keeps to a rate. It remembers one moment: when all that was spent will have come back. Whoever has many of these keeps the moments, and
/// one Pace for all of them.
package struct Pace: Sendable, Equatable {
    private let interval: UInt64
    private let period: UInt64

    package init(_ rate: Rate) {
        period = rate.period.inNanoseconds
        interval = max(1, period / UInt64(rate.count))
    }

    /// The same for so many at once.
    package init(_ rate: Rate, times factor: Int) {
        period = rate.period.inNanoseconds
        interval = max(1, period / UInt64(rate.count) / UInt64(max(1, factor)))
    }

    /// Nanoseconds until one more is due; 0 when it is now.
    package func wait(_ restored: UInt64, at now: UInt64) -> UInt64 {
        guard restored > now, restored - now + interval > period else { return 0 }
        return restored - now + interval - period
    }

    /// One more is spent. Never more than all: who goes on regardless doesn't wait the longer for it.
    package func spend(_ restored: inout UInt64, at now: UInt64) {
        restored = min(max(restored, now) + interval, now + period)
    }
}

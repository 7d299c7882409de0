// SPDX-License-Identifier: Apache-2.0

/// A moment in microseconds since 1970-01-01T00:00:00Z. Time comes in through `init` of whoever needs it, as a `Clock`.
public struct Timestamp: Sendable, Hashable, Comparable {
    public var microseconds: Int64

    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    public init(milliseconds: Int64) {
        self.microseconds = milliseconds * 1000
    }

    public var milliseconds: Int64 { microseconds / 1000 }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

    public static func + (left: Timestamp, right: Duration) -> Timestamp {
        Timestamp(microseconds: left.microseconds + right.inMicroseconds)
    }

    public static func - (left: Timestamp, right: Duration) -> Timestamp {
        Timestamp(microseconds: left.microseconds - right.inMicroseconds)
    }

    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .microseconds(left.microseconds - right.microseconds)
    }
}

extension Duration {
    package var inMicroseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
    package var inMilliseconds: Int64 { inMicroseconds / 1000 }
    package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

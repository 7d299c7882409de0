// SPDX-License-Identifier: Apache-2.0

/// A moment in microseconds since 1970-01-01T00:00:00Z. Time comes in through `init` of whoever needs it, as a `Clock`.
///
/// Sums stop at the ends of time and never trap: a service's "retry after" and a damaged row are numbers from outside.
public struct Timestamp: Sendable, Hashable, Comparable {
    public var microseconds: Int64

    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    public init(milliseconds: Int64) {
        microseconds = milliseconds.multipliedOrCut(by: 1000)
    }

    public var milliseconds: Int64 { microseconds / 1000 }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

    public static func + (left: Timestamp, right: Duration) -> Timestamp {
        Timestamp(microseconds: left.microseconds.addedOrCut(right.inMicroseconds))
    }

    public static func - (left: Timestamp, right: Duration) -> Timestamp {
        Timestamp(microseconds: left.microseconds.subtractedOrCut(right.inMicroseconds))
    }

    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .microseconds(left.microseconds.subtractedOrCut(right.microseconds))
    }
}

extension Duration {
    package var inMicroseconds: Int64 {
        components.seconds.multipliedOrCut(by: 1_000_000).addedOrCut(components.attoseconds / 1_000_000_000_000)
    }
    package var inMilliseconds: Int64 { inMicroseconds / 1000 }
    package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

extension Int64 {
    fileprivate func addedOrCut(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    fileprivate func subtractedOrCut(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }

    fileprivate func multipliedOrCut(by factor: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? (self < 0 ? .min : .max) : product
    }
}

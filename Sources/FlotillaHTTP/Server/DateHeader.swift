// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The text of the Date header, made once a second. One for each loop.
struct DateHeader {
    private var second = time_t.min
    private(set) var line: [UInt8] = []

    /// `now` is in seconds of the wall clock.
    mutating func refresh(_ now: time_t) {
        guard now != second else { return }
        second = now
        line = Array("Date: \(Self.text(now))\r\n".utf8)
    }

    static var wallClock: time_t {
        var now = timespec()
        // A tick of the scheduler is close enough for a header in seconds, and the cheapest clock there is.
        clock_gettime(CLOCK_REALTIME_COARSE, &now)
        return now.tv_sec
    }

    /// As RFC 9110 asks for it: `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func text(_ seconds: time_t) -> String {
        var seconds = seconds
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let date = "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(Int(parts.tm_year) + 1900)"
        return "\(date) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }
}

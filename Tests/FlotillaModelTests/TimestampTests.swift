// SPDX-License-Identifier: Apache-2.0

import FlotillaModel
import Foundation
import TestSupport
import Testing

struct MomentCase: Sendable, CustomTestStringConvertible {
    let text: String
    let microseconds: Int64
    /// How it is written again; nil when it is written as it was read.
    let written: String

    var testDescription: String { text }

    init(_ text: String, _ microseconds: Int64, written: String? = nil) {
        self.text = text
        self.microseconds = microseconds
        self.written = written ?? text
    }

    static let table: [MomentCase] = [
        MomentCase("1970-01-01T00:00:00Z", 0),
        MomentCase("2026-01-01T00:00:00Z", 1_767_225_600_000_000),
        MomentCase("1969-12-31T23:59:59.999999Z", -1),
        MomentCase("1969-12-31T23:59:59Z", -1_000_000),
        MomentCase("2026-01-01T00:00:00.5Z", 1_767_225_600_500_000, written: "2026-01-01T00:00:00.500Z"),
        MomentCase("2026-01-01T00:00:00.000001Z", 1_767_225_600_000_001),
        MomentCase("2026-01-01T00:00:00.123456789Z", 1_767_225_600_123_456, written: "2026-01-01T00:00:00.123456Z"),
        MomentCase("2026-01-01T00:00:00.000Z", 1_767_225_600_000_000, written: "2026-01-01T00:00:00Z"),
        MomentCase("2026-01-01t00:00:00z", 1_767_225_600_000_000, written: "2026-01-01T00:00:00Z"),
        MomentCase("2026-01-01 00:00:00Z", 1_767_225_600_000_000, written: "2026-01-01T00:00:00Z"),
        MomentCase("2026-01-01T01:30:00+01:30", 1_767_225_600_000_000, written: "2026-01-01T00:00:00Z"),
        MomentCase("2025-12-31T16:00:00-08:00", 1_767_225_600_000_000, written: "2026-01-01T00:00:00Z"),
        MomentCase("2026-01-01T00:00:00-00:00", 1_767_225_600_000_000, written: "2026-01-01T00:00:00Z"),
        MomentCase("2026-01-01T23:59:00+23:59", 1_767_225_600_000_000, written: "2026-01-01T00:00:00Z"),
        MomentCase("2000-02-29T12:00:00Z", 951_825_600_000_000),
        MomentCase("2024-02-29T12:00:00Z", 1_709_208_000_000_000),
        MomentCase("2016-12-31T23:59:60Z", 1_483_228_800_000_000, written: "2017-01-01T00:00:00Z"),
        MomentCase("0000-03-01T00:00:00Z", -62_162_035_200_000_000),
        MomentCase("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ]

    static let impossible = [
        "", "2026", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-04-31T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z", "2024-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00,5Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+00:60",
        "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00ZZ", "2026-01-01T00:00:00Z ", " 2026-01-01T00:00:00Z",
        "+2026-01-01T00:00:00Z", "-026-01-01T00:00:00Z", "2026-1-01T00:00:00Z", "２０２６-01-01T00:00:00Z", "2026-01-01T00:00:00Z\u{0}",
        "2026_01_01T00:00:00Z", "20260101T000000Z", "2026-01-01T-1:00:00Z",
    ]
}

struct TimestampTests {
    @Test(arguments: MomentCase.table)
    func `RFC 3339 is read, and written in UTC`(_ row: MomentCase) {
        #expect(Timestamp(row.text)?.microseconds == row.microseconds)
        #expect(Timestamp(microseconds: row.microseconds).description == row.written)
    }

    @Test(arguments: MomentCase.impossible)
    func `what is no moment is refused`(_ text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func `every day of four centuries has its number`() throws {
        var random = Seeded(3)
        var day: Int64 = -62_135_596_800 / 86_400
        while day < 2_932_896 {
            let moment = Timestamp(microseconds: day * 86_400_000_000)
            #expect(Timestamp(moment.description) == moment)
            day += Int64.random(in: 1...200, using: &random)
        }
    }

    @Test func `random moments read and write as Foundation does`() throws {
        var random = Seeded(5)
        let formatter = ISO8601DateFormatter()
        // Before 1582 Foundation counts in the Julian calendar.
        for _ in 0..<5000 {
            let seconds = Int64.random(in: -12_000_000_000...250_000_000_000, using: &random)
            let moment = Timestamp(microseconds: seconds * 1_000_000)
            let text = formatter.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
            #expect(moment.description == text)
            #expect(Timestamp(text) == moment)
            let micros = Timestamp(microseconds: seconds * 1_000_000 + Int64.random(in: 0..<1_000_000, using: &random))
            #expect(Timestamp(micros.description) == micros)
        }
    }

    @Test func `moments at the ends of time are written and added without harm`() {
        let first = Timestamp(microseconds: .min)
        let last = Timestamp(microseconds: .max)
        #expect(!first.description.isEmpty && !last.description.isEmpty)
        #expect(last + .seconds(Int64.max) == last)
        #expect(first - .seconds(Int64.max) == first)
        #expect(first + .seconds(Int64.min) == first)
        #expect(last - first == .microseconds(Int64.max))
        #expect(first - last == .microseconds(Int64.min))
        // A number out of a damaged row.
        #expect(Timestamp(milliseconds: .max) == last)
        #expect(Timestamp(milliseconds: .min) == first)
        #expect((Timestamp(milliseconds: 5) + .milliseconds(7)).milliseconds == 12)
    }
}

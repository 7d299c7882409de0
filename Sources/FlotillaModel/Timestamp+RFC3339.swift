// SPDX-License-Identifier: Apache-2.0

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC, with as many digits of the second as it has: none, three or six.
    public var description: String {
        var rest = microseconds
        var days = rest / 86_400_000_000
        rest %= 86_400_000_000
        if rest < 0 {
            rest += 86_400_000_000
            days -= 1
        }
        let (year, month, day) = Self.civil(fromDays: days)
        let micros = rest % 1_000_000
        let seconds = rest / 1_000_000
        // The farthest year has six digits and a sign. Every event has a time, so it is written byte by byte.
        return String(unsafeUninitializedCapacity: 32) { text in
            var end = 0
            func put(_ byte: UInt8) {
                text[end] = byte
                end += 1
            }
            func pad(_ value: Int64, _ width: Int) {
                for place in (0..<width).reversed() { put(UInt8(ascii: "0") + UInt8(value / Self.powers[place] % 10)) }
            }
            if year < 0 { put(UInt8(ascii: "-")) }
            pad(abs(year), year > 9999 || year < -9999 ? 6 : 4)
            put(UInt8(ascii: "-"))
            pad(month, 2)
            put(UInt8(ascii: "-"))
            pad(day, 2)
            put(UInt8(ascii: "T"))
            pad(seconds / 3600, 2)
            put(UInt8(ascii: ":"))
            pad(seconds / 60 % 60, 2)
            put(UInt8(ascii: ":"))
            pad(seconds % 60, 2)
            if micros != 0 {
                put(UInt8(ascii: "."))
                if micros % 1000 == 0 { pad(micros / 1000, 3) } else { pad(micros, 6) }
            }
            put(UInt8(ascii: "Z"))
            return end
        }
    }

    private static let powers: [Int64] = [1, 10, 100, 1000, 10_000, 100_000]

    /// Reads RFC 3339; digits past the microsecond are dropped. Nil for anything else, an impossible date included.
    public init?(_ text: some StringProtocol) {
        var bytes = Array(text.utf8)[...]
        func digits(_ count: Int) -> Int64? {
            guard bytes.count >= count else { return nil }
            var value: Int64 = 0
            for byte in bytes.prefix(count) {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            bytes = bytes.dropFirst(count)
            return value
        }
        func skip(_ allowed: UInt8...) -> Bool {
            guard let first = bytes.first, allowed.contains(first) else { return false }
            bytes = bytes.dropFirst()
            return true
        }
        guard let year = digits(4), skip(0x2D), let month = digits(2), skip(0x2D), let day = digits(2),
            skip(0x54, 0x74, 0x20), let hour = digits(2), skip(0x3A), let minute = digits(2), skip(0x3A), let second = digits(2),
            (1...12).contains(month), (1...Self.days(inMonth: month, of: year)).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        var micros: Int64 = 0
        if skip(0x2E) {
            let fraction = bytes.prefix { (0x30...0x39).contains($0) }
            guard !fraction.isEmpty else { return nil }
            var scale: Int64 = 100_000
            for byte in fraction.prefix(6) {
                micros += Int64(byte - 0x30) * scale
                scale /= 10
            }
            bytes = bytes.dropFirst(fraction.count)
        }
        var offset: Int64 = 0
        if !skip(0x5A, 0x7A) {
            let sign: Int64 = bytes.first == 0x2D ? -1 : 1
            guard skip(0x2B, 0x2D), let hours = digits(2), skip(0x3A), let minutes = digits(2), hours < 24, minutes < 60 else { return nil }
            offset = sign * (hours * 3600 + minutes * 60)
        }
        guard bytes.isEmpty else { return nil }
        let total = Self.days(fromCivil: year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
        self.init(microseconds: total * 1_000_000 + micros)
    }

    private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01 in the proleptic Gregorian calendar, counted in eras of 400 years that begin on a first of March.
    private static func days(fromCivil year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(fromDays days: Int64) -> (Int64, Int64, Int64) {
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let m = (5 * dayOfYear + 2) / 153
        let month = m < 10 ? m + 3 : m - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * m + 2) / 5 + 1)
    }
}

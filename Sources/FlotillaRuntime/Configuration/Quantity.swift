// SPDX-License-Identifier: Apache-2.0

/// Amounts as people write them into a configuration: `25`, `1.5s`, `7d`, `64KiB`, `50GB`.
package enum Quantity {
    /// A plain number is seconds.
    package static func duration(_ text: String) -> Duration? {
        let units: [String: Double] = ["": 1, "ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800]
        guard let (number, unit) = split(text), let scale = units[unit], number * scale < 1e12 else { return nil }
        return .milliseconds(Int64((number * scale * 1000).rounded()))
    }

    /// A plain number is bytes; KB and KiB are 1,000 and 1,024 of them.
    package static func bytes(_ text: String) -> Int? {
        let units: [String: Double] = [
            "": 1, "b": 1, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9, "tb": 1e12, "kib": 0x1p10, "mib": 0x1p20,
            "gib": 0x1p30,
            "tib": 0x1p40,
        ]
        guard let (number, unit) = split(text), let scale = units[unit.lowercased()], number * scale <= 1e15 else { return nil }
        return Int((number * scale).rounded())
    }

    /// Digits, with a point at most once, and what follows them.
    private static func split(_ text: String) -> (Double, String)? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard digits.first?.isNumber == true, digits.utf8.count <= 18, let number = Double(digits) else { return nil }
        return (number, text.dropFirst(digits.count).drop { $0 == " " }.description)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Readings by kind. Where the variable has no default, neither in the table nor given here, it must be set.
extension Configuration {
    /// Without a default: nil when not set.
    package mutating func text(_ variable: Variable) -> String? {
        value(variable.name) ?? variable.fallback
    }

    package mutating func secret(_ variable: Variable) -> Secret? { secret(variable.name) }

    package mutating func secret(_ name: String) -> Secret? { value(name).map { Secret($0) } }

    package mutating func integer(_ variable: Variable, in range: ClosedRange<Int>, default other: Int? = nil) -> Int {
        let remedy = "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
        return read(variable, default: other, standIn: range.lowerBound, remedy) { Int($0).flatMap { range.contains($0) ? $0 : nil } }
    }

    package mutating func bytes(_ variable: Variable, in range: ClosedRange<Int>, default other: Int? = nil) -> Int {
        let remedy = "must be a number of bytes from \(range.lowerBound) to \(range.upperBound), such as 65536, 64KiB or 16MB"
        return read(variable, default: other, standIn: range.lowerBound, remedy) {
            Quantity.bytes($0).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    package mutating func duration(_ variable: Variable, in range: ClosedRange<Duration>, default other: Duration? = nil) -> Duration {
        let remedy = "must be a time from \(range.lowerBound) to \(range.upperBound): a number of seconds, or such as 500ms, 15m, 36h, 7d"
        return read(variable, default: other, standIn: range.lowerBound, remedy) {
            Quantity.duration($0).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    package mutating func flag(_ variable: Variable, default other: Bool? = nil) -> Bool {
        read(variable, default: other, standIn: false, "must be on or off") {
            switch $0.lowercased() {
            case "on", "true", "yes", "1": true
            case "off", "false", "no", "0": false
            default: nil
            }
        }
    }

    package mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ variable: Variable, standIn: Choice, default other: Choice? = nil
    ) -> Choice {
        let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        return read(variable, default: other, standIn: standIn, "must be one of \(names)") { Choice(rawValue: $0) }
    }

    /// For what another module knows how to read, such as an address to listen on. `expected` follows the words "must be". Nil when
    /// the variable is neither set nor has a default, and when it is faulty, which is then reported.
    package mutating func parsed<Value>(_ variable: Variable, expected: String, _ parse: (String) -> Value?) -> Value? {
        guard let text = text(variable) else { return nil }
        let value = parse(text.trimmed)
        if value == nil { fault(variable.name, "must be \(expected)") }
        return value
    }

    /// Items separated by commas, spaces or lines; empty ones do not count.
    package mutating func list(_ variable: Variable) -> [String] {
        (text(variable) ?? "").split { $0 == "," || $0.isWhitespace }.map(String.init)
    }

    /// Items separated by spaces or lines alone: URLs, keys and tokens may hold commas.
    package mutating func words(_ variable: Variable) -> [String] {
        (text(variable) ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
    }

    private mutating func read<Value>(
        _ variable: Variable, default other: Value?, standIn: Value, _ remedy: String, _ parse: (String) -> Value?
    ) -> Value {
        if let text = value(variable.name) {
            if let value = parse(text.trimmed) { return value }
            fault(variable.name, remedy)
        } else if let value = other ?? variable.fallback.flatMap(parse) {
            return value
        } else if !isSet(variable) {
            fault(variable.name, "is not set: it \(remedy)")
        }
        return standIn
    }
}

extension String {
    fileprivate var trimmed: String {
        let start = drop(while: \.isWhitespace)
        return String(start[..<(start.lastIndex { !$0.isWhitespace }.map(start.index(after:)) ?? start.startIndex)])
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The text format of Prometheus, version 0.0.4.
struct MetricText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var bytes: [UInt8] = []

    mutating func add(_ family: MetricFamily) {
        line("# HELP \(family.name) \(Self.escape(family.help, quotes: false))")
        line("# TYPE \(family.name) \(family.kind)")
        for (values, series) in family.series {
            let labels = Array(zip(family.labels, values))
            switch series {
            case .counter(let counter): sample(family.name, labels, String(counter.value))
            case .gauge(let gauge): sample(family.name, labels, Self.number(gauge.value))
            case .reading(let value): sample(family.name, labels, Self.number(value))
            case .histogram(let histogram): add(histogram, family.name, labels)
            }
        }
    }

    private mutating func add(_ histogram: Histogram, _ name: String, _ labels: [(String, String)]) {
        let state = histogram.snapshot
        var total: UInt64 = 0
        for (bound, count) in zip(histogram.bounds + [.infinity], state.counts) {
            total += count
            sample(name + "_bucket", labels + [("le", Self.number(bound))], String(total))
        }
        sample(name + "_sum", labels, Self.number(state.sum))
        sample(name + "_count", labels, String(total))
    }

    private mutating func sample(_ name: String, _ labels: [(String, String)], _ value: String) {
        let pairs = labels.map { "\($0)=\"\(Self.escape($1, quotes: true))\"" }.joined(separator: ",")
        line(pairs.isEmpty ? "\(name) \(value)" : "\(name){\(pairs)} \(value)")
    }

    private mutating func line(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        bytes.append(0x0A)
    }

    static func number(_ value: Double) -> String {
        if value == .infinity { return "+Inf" }
        if value == -.infinity { return "-Inf" }
        if value.isNaN { return "NaN" }
        return Int64(exactly: value).map(String.init) ?? value.description
    }

    private static func escape(_ text: String, quotes: Bool) -> String {
        guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x22 }) else { return text }
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\"" where quotes: out += "\\\""
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}

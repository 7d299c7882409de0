// SPDX-License-Identifier: Apache-2.0

/// One figure of a benchmark.
struct BenchLine {
    let name: String
    let value: Double
    let unit: String

    init(_ name: String, _ value: Double, _ unit: String = "") {
        self.name = name
        self.value = value
        self.unit = unit
    }

    var text: String { (value < 100 ? String(Double(Int((value * 100).rounded())) / 100) : String(Int(value.rounded()))) + " " + unit }
}

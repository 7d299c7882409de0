// SPDX-License-Identifier: Apache-2.0

/// One line of the metric table: what is measured, in which instrument, with which labels. `Instrument` is Counter, Gauge or Histogram.
package struct Metric<Instrument>: Sendable {
    package let name: String
    package let help: String
    package let labels: [String]
    /// Upper bounds, ascending, without +Inf; empty but for a histogram.
    package let buckets: [Double]
}

extension Metric where Instrument == Counter {
    package init(_ name: String, _ help: String, labels: [String] = []) {
        self.init(name: name, help: help, labels: labels, buckets: [])
    }
}

extension Metric where Instrument == Gauge {
    package init(_ name: String, _ help: String, labels: [String] = []) {
        self.init(name: name, help: help, labels: labels, buckets: [])
    }
}

extension Metric where Instrument == Histogram {
    package init(_ name: String, _ help: String, labels: [String] = [], buckets: [Double]) {
        self.init(name: name, help: help, labels: labels, buckets: buckets)
    }
}

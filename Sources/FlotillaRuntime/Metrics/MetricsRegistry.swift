// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// All metrics of a process. Made by its main, handed in through `init`, rendered by the admin pages.
///
/// Whoever measures asks once for its instrument, with the labels' values, and keeps it: that takes a lock, using it does not.
/// A metric holds a limited number of label sets; past it everything is counted under `other`, so that nothing a network names
/// can fill the memory.
package final class MetricsRegistry: Sendable {
    package static let defaultSeriesLimit = 1000

    private struct State {
        var families: [MetricFamily] = []
        var places: [String: Int] = [:]
        var collectors: [@Sendable (MetricsRegistry) -> Void] = []
    }

    private let state = Mutex(State())
    private let seriesLimit: Int

    package init(seriesLimit: Int = MetricsRegistry.defaultSeriesLimit) {
        self.seriesLimit = seriesLimit
    }

    package func counter(_ metric: Metric<Counter>, _ values: String...) -> Counter {
        resolve(metric, "counter", values, make: Counter.init, wrap: Series.counter) {
            if case .counter(let counter) = $0 { counter } else { nil }
        }
    }

    package func gauge(_ metric: Metric<Gauge>, _ values: String...) -> Gauge {
        resolve(metric, "gauge", values, make: Gauge.init, wrap: Series.gauge) {
            if case .gauge(let gauge) = $0 { gauge } else { nil }
        }
    }

    package func histogram(_ metric: Metric<Histogram>, _ values: String...) -> Histogram {
        resolve(metric, "histogram", values, make: { Histogram(bounds: metric.buckets) }, wrap: Series.histogram) {
            if case .histogram(let histogram) = $0 { histogram } else { nil }
        }
    }

    /// Runs before each rendering: for gauges whose value is only looked at when somebody asks.
    package func beforeRendering(_ body: @escaping @Sendable (MetricsRegistry) -> Void) {
        state.withLock { $0.collectors.append(body) }
    }

    /// The text format 0.0.4 of Prometheus.
    package func render() -> [UInt8] {
        for collect in state.withLock({ $0.collectors }) { collect(self) }
        var text = MetricText()
        for family in state.withLock({ $0.families }) { text.add(family) }
        for family in ProcessMetrics.read() { text.add(family) }
        return text.bytes
    }

    private func resolve<Instrument: Sendable>(
        _ metric: Metric<Instrument>, _ kind: String, _ values: [String], make: () -> Instrument, wrap: (Instrument) -> Series,
        unwrap: (Series) -> Instrument?
    ) -> Instrument {
        state.withLock { state in
            let place = state.places[metric.name] ?? state.families.count
            if place == state.families.count {
                state.families.append(MetricFamily(name: metric.name, help: metric.help, kind: kind, labels: metric.labels))
                state.places[metric.name] = place
            }
            var key = metric.labels.indices.map { $0 < values.count ? values[$0] : "" }
            if state.families[place].places[key] == nil, state.families[place].series.count >= seriesLimit {
                key = metric.labels.map { _ in "other" }
            }
            if let known = state.families[place].series(key).flatMap(unwrap) { return known }
            let instrument = make()
            state.families[place].add(wrap(instrument), key)
            return instrument
        }
    }
}

enum Series {
    case counter(Counter)
    case gauge(Gauge)
    case histogram(Histogram)
    /// Read from the system at this moment.
    case reading(Double)
}

/// One metric with all its label sets, in the order they came up.
struct MetricFamily {
    let name: String
    let help: String
    let kind: String
    let labels: [String]
    private(set) var series: [(values: [String], series: Series)] = []
    private(set) var places: [[String]: Int] = [:]

    init(name: String, help: String, kind: String, labels: [String]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.labels = labels
    }

    func series(_ values: [String]) -> Series? {
        places[values].map { series[$0].series }
    }

    mutating func add(_ one: Series, _ values: [String]) {
        places[values] = series.count
        series.append((values, one))
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import Testing

@testable internal import FlotillaRuntime

@Suite struct MetricsTests {
    private let plain = Metric<Counter>("t_plain_total", "Plain.")
    private let labelled = Metric<Counter>("t_labelled_total", "With \"labels\"\\\nand lines.", labels: ["hook", "status"])
    private let level = Metric<Gauge>("t_level", "A level.", labels: ["queue"])
    private let seconds = Metric<Histogram>("t_seconds", "Times.", labels: ["op"], buckets: [0.1, 1, 2.5])

    /// Without the process metrics, which differ from run to run.
    private func text(_ registry: MetricsRegistry) -> String {
        String(decoding: registry.render(), as: UTF8.self).split(separator: "\n").filter { $0.contains("t_") && !$0.contains("process_") }
            .joined(separator: "\n")
    }

    @Test("Metrics are rendered in the text format 0.0.4")
    func render() {
        let registry = MetricsRegistry()
        registry.counter(plain).add(3)
        registry.counter(labelled, "a\"b\\c\nd", "202").add()
        registry.counter(labelled, "x", "503").add(2)
        registry.gauge(level, "email").set(2.5)
        registry.gauge(level, "sync").set(-7)
        let histogram = registry.histogram(seconds, "claim")
        for value in [0.05, 0.1, 0.5, 2, 100] { histogram.observe(value) }
        histogram.observe(.milliseconds(350))
        #expect(
            text(registry) == #"""
                # HELP t_plain_total Plain.
                # TYPE t_plain_total counter
                t_plain_total 3
                # HELP t_labelled_total With "labels"\\\nand lines.
                # TYPE t_labelled_total counter
                t_labelled_total{hook="a\"b\\c\nd",status="202"} 1
                t_labelled_total{hook="x",status="503"} 2
                # HELP t_level A level.
                # TYPE t_level gauge
                t_level{queue="email"} 2.5
                t_level{queue="sync"} -7
                # HELP t_seconds Times.
                # TYPE t_seconds histogram
                t_seconds_bucket{op="claim",le="0.1"} 2
                t_seconds_bucket{op="claim",le="1"} 4
                t_seconds_bucket{op="claim",le="2.5"} 5
                t_seconds_bucket{op="claim",le="+Inf"} 6
                t_seconds_sum{op="claim"} 103
                t_seconds_count{op="claim"} 6
                """#)
    }

    @Test("The same labels give the same instrument")
    func same() {
        let registry = MetricsRegistry()
        #expect(registry.counter(labelled, "a", "1") === registry.counter(labelled, "a", "1"))
        #expect(registry.counter(labelled, "a", "1") !== registry.counter(labelled, "a", "2"))
        #expect(registry.counter(labelled, "a") === registry.counter(labelled, "a", "", "more"))
    }

    @Test("Past the limit of label sets everything is counted under other")
    func cardinality() {
        let registry = MetricsRegistry(seriesLimit: 10)
        for index in 0..<1000 { registry.counter(labelled, "hook\(index)", "202").add() }
        #expect(registry.counter(labelled, "hook3", "202").value == 1)
        #expect(registry.counter(labelled, "hook500", "202").value == 990)
        #expect(text(registry).contains(#"t_labelled_total{hook="other",status="other"} 990"#))
        #expect(text(registry).split(separator: "\n").count == 2 + 11)
        registry.counter(plain).add()
        #expect(registry.counter(plain).value == 1)
    }

    @Test("No increment of many threads is lost")
    func concurrent() async {
        let registry = MetricsRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let counter = registry.counter(plain)
                    let gauge = registry.gauge(level, "q")
                    let histogram = registry.histogram(seconds, "op")
                    for round in 0..<5000 {
                        counter.add()
                        gauge.add(0.5)
                        histogram.observe(Double(round % 4))
                        if round % 1000 == 0 { _ = registry.render() }
                    }
                }
            }
        }
        #expect(registry.counter(plain).value == 40_000)
        #expect(registry.gauge(level, "q").value == 20_000)
        #expect(registry.histogram(seconds, "op").snapshot.counts == [10_000, 10_000, 10_000, 10_000])
        #expect(registry.histogram(seconds, "op").snapshot.sum == 60_000)
    }

    @Test("What is only looked at when asked is read before rendering")
    func collectors() {
        let registry = MetricsRegistry()
        registry.beforeRendering { $0.gauge(Metric<Gauge>("t_asked", "Asked.")).add(1) }
        #expect(text(registry).hasSuffix("t_asked 1"))
        #expect(text(registry).hasSuffix("t_asked 2"))
    }

    @Test("The process tells its own numbers under their usual names")
    func process() throws {
        let readings = Dictionary(
            uniqueKeysWithValues: ProcessMetrics.read().compactMap { family -> (String, Double)? in
                if case .reading(let value) = family.series.first?.series { (family.name, value) } else { nil }
            })
        #expect(
            Set(readings.keys) == [
                "process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes", "process_start_time_seconds",
                "process_open_fds",
                "process_max_fds",
            ])
        let resident = try #require(readings["process_resident_memory_bytes"])
        #expect(resident > 1_000_000 && resident < (readings["process_virtual_memory_bytes"] ?? 0))
        let now = Double(SystemClock().now.milliseconds) / 1000
        let start = try #require(readings["process_start_time_seconds"])
        #expect(start <= now + 1 && start > now - 3600)
        let descriptors = try #require(readings["process_open_fds"])
        #expect(descriptors >= 3 && descriptors < (readings["process_max_fds"] ?? 0))
    }

    @Test("Not a number is not observed, and infinities have names")
    func extremes() {
        let histogram = Histogram(bounds: [1])
        histogram.observe(.nan)
        #expect(histogram.count == 0)
        #expect(MetricText.number(.infinity) == "+Inf")
        #expect(MetricText.number(-.infinity) == "-Inf")
        #expect(MetricText.number(.nan) == "NaN")
        #expect(MetricText.number(1e300) == "1e+300")
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime

/// The gauges of the broker and its queues, read when somebody asks for the metrics. Depths are exported by one process of a fleet.
struct QueueMeter: Sendable {
    let metrics: MetricsRegistry
    let exports: Bool

    func measure(_ broker: any Broker & BrokerInspection) async {
        metrics.gauge(MetricTable.brokerUp).set(await broker.ailment() == nil ? 1 : 0)
        guard exports, let reports = try? await broker.queues() else { return }
        let now = SystemClock().now
        for report in reports {
            let states = [
                ("ready", report.ready), ("held", report.held), ("delayed", report.delayed), ("dead", report.dead),
                ("parked", report.parked),
            ]
            for (state, count) in states { metrics.gauge(MetricTable.queueMessages, report.name, state).set(Double(count)) }
            metrics.gauge(MetricTable.queueOldestSeconds, report.name).set(report.oldest.map { max(0, (now - $0).inSeconds) } ?? 0)
        }
    }
}

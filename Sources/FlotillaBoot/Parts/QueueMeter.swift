// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime

/// The gauges of the broker and its queues, read when somebody asks for the metrics. Depths are exported by one process of a fleet.
struct QueueMeter: Sendable {
    let metrics: MetricsRegistry
    let exports: Bool

    func measure(_ broker: any Broker & BrokerInspection) async {
        let standing = await broker.standing()
        metrics.gauge(MetricTable.brokerUp).set(standing == .away ? 0 : 1)
        metrics.gauge(MetricTable.brokerBlocked).set(standing == .blocked ? 1 : 0)
        guard exports, let reports = try? await broker.queues() else { return }
        let now = SystemClock().now
        for report in reports {
            let states: [(String, Int, QueueReport.Field?)] = [
                ("ready", report.ready, nil), ("held", report.held, .held), ("delayed", report.delayed, .delayed),
                ("dead", report.dead, nil), ("parked", report.parked, nil),
            ]
            for (state, count, field) in states where field.map({ !report.unknown.contains($0) }) ?? true {
                metrics.gauge(MetricTable.queueMessages, report.name, state).set(Double(count))
            }
            guard !report.unknown.contains(.oldest) else { continue }
            metrics.gauge(MetricTable.queueOldestSeconds, report.name).set(report.oldest.map { max(0, (now - $0).inSeconds) } ?? 0)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaIngress
internal import FlotillaModel
internal import FlotillaRuntime

/// The broker as the ingress sees it, with its metrics.
struct MeasuredPublisher: EventPublisher {
    private let broker: any Broker
    private let seconds: Histogram
    private let confirmed: Counter
    private let failed: Counter

    init(_ broker: any Broker, metrics: MetricsRegistry) {
        self.broker = broker
        seconds = metrics.histogram(MetricTable.publishSeconds)
        confirmed = metrics.counter(MetricTable.published, "confirmed")
        failed = metrics.counter(MetricTable.published, "failed")
    }

    func publish(_ events: [Event]) async throws {
        let begin = MonotonicClock.now
        do {
            try await broker.publish(events)
        } catch {
            failed.add(events.count)
            throw error
        }
        confirmed.add(events.count)
        seconds.observe(Double(MonotonicClock.now &- begin) / 1e9)
    }
}

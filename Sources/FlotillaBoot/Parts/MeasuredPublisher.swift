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

    func publish(_ events: [Event], then end: @escaping @Sendable (Result<Void, any Error>) -> Void) {
        let begin = MonotonicClock.now
        broker.publish(events) { [seconds, confirmed, failed, count = events.count] result in
            if case .success = result {
                confirmed.add(count)
                seconds.observe(since: begin)
            } else {
                failed.add(count)
            }
            end(result)
        }
    }
}

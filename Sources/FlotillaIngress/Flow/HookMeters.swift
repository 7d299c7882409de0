// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime
internal import Synchronization

/// What is counted of one hook. Made with the ingress; the series that a dashboard looks at are there from the start, so that it sees
/// a zero and not a gap, the rarer ones from the first answer that needs them. All statuses are the ingress's own, so they are few.
final class HookMeters: Sendable {
    /// Stands for hooks that there are not, since a path is never a label. No hook can be called so.
    static let nameOfUnknown = "_unknown"

    private let hook: String
    private let metrics: MetricsRegistry
    private let answers: Mutex<[Int: Counter]>
    private let rejections: [Rejection.Check: Counter]
    private let seconds: Histogram

    init(of hook: String, from statuses: [Int] = [202, 401, 503], in metrics: MetricsRegistry) {
        self.hook = hook
        self.metrics = metrics
        answers = Mutex(Dictionary(uniqueKeysWithValues: statuses.map { ($0, Self.requests($0, to: hook, in: metrics)) }))
        rejections = Dictionary(
            uniqueKeysWithValues: Rejection.Check.allCases.map { check in
                (check, metrics.counter(MetricTable.ingressRejected, hook, check.rawValue))
            })
        seconds = metrics.histogram(MetricTable.ingressSeconds, hook)
    }

    func answered(_ status: Int) {
        let counter = answers.withLock { answers in
            if let known = answers[status] { return known }
            let new = Self.requests(status, to: hook, in: metrics)
            answers[status] = new
            return new
        }
        counter.add()
    }

    /// `begin` is a moment of the monotonic clock.
    func answered(_ status: Int, since begin: UInt64) {
        answered(status)
        seconds.observe(since: begin)
    }

    func rejected(_ check: Rejection.Check) {
        rejections[check]?.add()
    }

    private static func requests(_ status: Int, to hook: String, in metrics: MetricsRegistry) -> Counter {
        metrics.counter(MetricTable.ingressRequests, hook, String(status))
    }
}

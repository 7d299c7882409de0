// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime

/// What is counted of one hook. Made with the ingress, every series at its start, so that a dashboard sees a zero and not a gap.
struct HookMeters: Sendable {
    /// Stands for hooks that there are not, since a path is never a label. No hook can be called so.
    static let nameOfUnknown = "_unknown"

    private let answers: [Int: Counter]
    private let others: Counter
    private let rejections: [Rejection.Check: Counter]
    private let seconds: Histogram

    init(of hook: String, statuses: [Int], in metrics: MetricsRegistry) {
        func requests(_ status: String) -> Counter { metrics.counter(MetricTable.ingressRequests, hook, status) }
        answers = Dictionary(uniqueKeysWithValues: statuses.map { ($0, requests(String($0))) })
        others = requests("other")
        rejections = Dictionary(
            uniqueKeysWithValues: Rejection.Check.allCases.map { check in
                (check, metrics.counter(MetricTable.ingressRejected, hook, check.rawValue))
            })
        seconds = metrics.histogram(MetricTable.ingressSeconds, hook)
    }

    func answered(_ status: Int) {
        (answers[status] ?? others).add()
    }

    /// `begin` is a moment of the monotonic clock.
    func answered(_ status: Int, since begin: UInt64) {
        answered(status)
        seconds.observe(Double(MonotonicClock.now &- begin) / 1e9)
    }

    func rejected(_ check: Rejection.Check) {
        rejections[check]?.add()
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// What the admin port answers. The server that asks is wired up elsewhere.
package struct AdminPages: Sendable {
    package struct Answer: Sendable, Equatable {
        package let status: Int
        package let contentType: String
        package let body: [UInt8]
    }

    private let health: Health
    private let metrics: MetricsRegistry

    package init(health: Health, metrics: MetricsRegistry) {
        self.health = health
        self.metrics = metrics
    }

    /// `/healthz` says that the process lives, whatever it waits for: restarting it would not bring a broker back. `/readyz` says
    /// whether it can work at this moment. The path may carry a query.
    package func answer(path: some StringProtocol) -> Answer {
        switch path.prefix(while: { $0 != "?" }) {
        case "/healthz": return json(200, .object(["status": .string("alive")]))
        case "/readyz":
            let report = health.report
            return json(report.isReady ? 200 : 503, report.json)
        case "/metrics": return Answer(status: 200, contentType: MetricText.contentType, body: metrics.render())
        default: return json(404, .object(["error": .string("there is /healthz, /readyz and /metrics")]))
        }
    }

    private func json(_ status: Int, _ value: JSONValue) -> Answer {
        Answer(status: status, contentType: "application/json", body: value.encoded + [0x0A])
    }
}

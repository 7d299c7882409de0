// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime
internal import Testing

@Suite struct HealthTests {
    @Test(
        "A process is ready when every check is",
        arguments: [
            ([], 503, #"{"status":"starting","checks":[]}"#),
            ([.ready], 200, #"{"status":"ready","checks":[{"name":"c0","state":"ready"}]}"#),
            (
                [.ready, .starting], 503,
                #"{"status":"starting","checks":[{"name":"c0","state":"ready"},{"name":"c1","state":"starting"}]}"#
            ),
            ([.warning("a file store")], 200, #"{"status":"ready","checks":[{"name":"c0","state":"warning","reason":"a file store"}]}"#),
            (
                [.starting, .failing("broker \"away\"")], 503,
                #"{"status":"failing","checks":[{"name":"c0","state":"starting"},{"name":"c1","state":"failing","reason":"broker \"away\""}]}"#
            ),
            (
                [.failing("x"), .draining], 503,
                #"{"status":"draining","checks":[{"name":"c0","state":"failing","reason":"x"},{"name":"c1","state":"draining"}]}"#
            ),
        ] as [([HealthState], Int, String)])
    func readiness(states: [HealthState], status: Int, body: String) {
        let health = Health()
        for (index, state) in states.enumerated() {
            health.report("c\(index)", .starting)
            health.report("c\(index)", state)
        }
        let answer = AdminPages(health: health, metrics: MetricsRegistry()).answer(path: "/readyz?verbose")
        #expect(answer.status == status)
        #expect(String(decoding: answer.body, as: UTF8.self) == body + "\n")
        #expect(answer.contentType == "application/json")
    }

    @Test("The process is alive whatever it waits for")
    func liveness() {
        let health = Health()
        health.report("broker", .failing("away"))
        #expect(AdminPages(health: health, metrics: MetricsRegistry()).answer(path: "/healthz").status == 200)
    }

    @Test("Metrics are served in Prometheus' format")
    func metrics() {
        let registry = MetricsRegistry()
        registry.counter(MetricTable.published, "confirmed").add(2)
        let answer = AdminPages(health: Health(), metrics: registry).answer(path: "/metrics")
        #expect(answer.status == 200 && answer.contentType == "text/plain; version=0.0.4; charset=utf-8")
        #expect(String(decoding: answer.body, as: UTF8.self).contains("\nflotilla_published_total{result=\"confirmed\"} 2\n"))
    }

    @Test("There is nothing else", arguments: ["/", "", "/healthz/", "/metricsx", "/READYZ", "?"])
    func others(path: String) {
        #expect(AdminPages(health: Health(), metrics: MetricsRegistry()).answer(path: path).status == 404)
    }
}

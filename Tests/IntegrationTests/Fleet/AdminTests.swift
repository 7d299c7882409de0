// SPDX-License-Identifier: Apache-2.0

internal import TestSupport
internal import Testing

@Suite struct AdminTests {
    /// Those that a fleet with an ingress and a worker has from its first event on.
    static let metrics = [
        "flotilla_ingress_requests_total", "flotilla_ingress_rejected_total", "flotilla_ingress_seconds", "flotilla_ingress_inflight_bytes",
        "flotilla_publish_seconds", "flotilla_published_total", "flotilla_broker_up", "flotilla_deliveries_total",
        "flotilla_handle_seconds", "flotilla_ledger_seconds", "flotilla_event_age_seconds", "flotilla_inflight", "flotilla_queue_messages",
        "flotilla_queue_oldest_seconds",
        "process_resident_memory_bytes",
    ]
    static let labels: Set<String> = ["hook", "status", "reason", "result", "queue", "outcome", "type", "state", "class", "op", "le"]

    @Test("the admin port tells health, readiness and the metrics of ingress and worker, whose labels name no event, tenant or address")
    func admin() async throws {
        try await Fleet.with { fleet in
            _ = try await fleet.up()
            #expect(try await fleet.post(Fleet.body, id: "an-id-of-an-event").status == 202)
            #expect(try await fleet.post(Fleet.body, id: "refused", signed: []).status == 401)
            #expect(try await Wire.get(fleet.admin, "/healthz").status == 200)
            let ready = try await Wire.get(fleet.admin, "/readyz")
            #expect(ready.status == 200)
            #expect(ready.body.contains(#""status":"ready""#))
            for name in ["broker", "store", "ingress", "log-sink"] { #expect(ready.body.contains(#"{"name":"\#(name)","state":"ready"}"#)) }
            #expect(try await Wire.get(fleet.admin, "/other").status == 404)
            #expect(try await Wire.request(fleet.admin, "POST", "/metrics").status == 405)

            let page = try await eventually("it is settled") {
                let page = try await Wire.get(fleet.admin, "/metrics")
                return page.body.contains(#"flotilla_deliveries_total{queue="log-sink",outcome="done"} 1"#) ? page : nil
            }
            #expect(page.status == 200)
            let samples = page.body.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
            for name in Self.metrics {
                #expect(
                    samples.contains { $0.hasPrefix(name + "{") || $0.hasPrefix(name + " ") || $0.hasPrefix(name + "_bucket{") }, "\(name)")
            }
            #expect(samples.contains(#"flotilla_ingress_requests_total{hook="github",status="202"} 1"#))
            #expect(samples.contains(#"flotilla_ingress_requests_total{hook="github",status="401"} 1"#))
            #expect(samples.contains(#"flotilla_queue_messages{queue="log-sink",state="ready"} 0"#))
            for operation in ["claim", "mark"] { #expect(samples.contains("flotilla_ledger_seconds_count{op=\"\(operation)\"} 1")) }
            for sample in samples { #expect(Self.names(of: sample).isSubset(of: Self.labels), "\(sample)") }
            for word in ["an-id-of-an-event", "127.0.0.1", Fleet.secret, "a/b"] { #expect(!page.body.contains(word)) }
        }
    }

    private static func names(of sample: String) -> Set<String> {
        guard let open = sample.firstIndex(of: "{"), let close = sample.lastIndex(of: "}") else { return [] }
        let inside = sample[sample.index(after: open)..<close]
        return Set(inside.split(separator: "=").dropLast().map { $0.split { $0 == "," || $0 == "\"" }.last.map(String.init) ?? "" })
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import TestSupport
internal import Testing

/// CloudEvents from an application to the log-sink's file, through a fleet that has no hook at all.
@Suite struct EventsTests {
    private static let settings = [
        "FLOTILLA_HOOKS": "", "FLOTILLA_HOOK_GITHUB_SECRET": "", "FLOTILLA_HOOK_SHOP_SECRET": "",
        "FLOTILLA_API_TOKENS": "app:events:t0ken-of-app crm:events+search@acme:t0ken-of-crm", "FLOTILLA_ROUTES": "order.#>log-sink",
    ]

    private static func event(_ id: String) -> String {
        #"{"specversion":"1.0","id":"\#(id)","source":"https://a.example/orders","type":"order.placed","data":{"id":"\#(id)"}}"#
    }

    @Test("events in all three forms are answered 202, and lie in the log-sink's file under the name of their token")
    func allForms() async throws {
        try await Fleet.with(Self.settings) { fleet in
            let child = try await fleet.up()
            func post(_ token: String, _ headers: [(String, String)], _ body: String) async throws -> Wire.Answer {
                try await Wire.request(
                    fleet.listen, "POST", "/events", headers: [("Authorization", "Bearer \(token)")] + headers, body: Array(body.utf8))
            }
            let binary = try await post(
                "t0ken-of-app",
                [
                    ("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/orders"), ("ce-type", "order.placed"),
                    ("ce-subject", "a%20b"), ("Content-Type", "application/json"),
                ], #"{"id":"1"}"#)
            #expect(binary.status == 202)
            #expect(binary.body == #"{"accepted":1,"ids":["1"]}"#)
            let structured = try await post("t0ken-of-crm", [("Content-Type", "application/cloudevents+json")], Self.event("2"))
            #expect(structured.status == 202)
            let batch = try await post(
                "t0ken-of-app", [("Content-Type", "application/cloudevents-batch+json")], "[\(Self.event("3")),\(Self.event("4"))]")
            #expect(batch.body == #"{"accepted":2,"ids":["3","4"]}"#)
            let wrong = try await post("t0ken-of-nobody", [("Content-Type", "application/cloudevents+json")], Self.event("5"))
            #expect(wrong.status == 401)
            #expect(wrong.header("WWW-Authenticate")?.hasPrefix("Bearer ") == true)

            try await until("all lines are written") { try fleet.written().count >= 4 }
            #expect(try fleet.written().sorted() == ["1", "2", "3", "4"])
            let lines = try fleet.place.lines("log.jsonl").map { try JSONValue(parsing: $0) }
            let sources = Dictionary(
                uniqueKeysWithValues: lines.compactMap { line in line["id"]?.string.map { ($0, line["source"]?.string) } })
            #expect(sources["1"] == "app//orders")
            #expect(sources["2"] == "crm/https://a.example/orders")
            #expect(child.output.contains("/events, for app, crm"))
            #expect(!child.errors.contains("t0ken"))
            let metrics = try await Wire.get(fleet.admin, "/metrics").body
            #expect(metrics.contains(#"flotilla_ingress_requests_total{hook="_events",status="202"} 3"#))
        }
    }

    @Test("flotilla-ingress runs for events alone, and a faulty token is told by its place", arguments: [true, false])
    func ingressAlone(isSound: Bool) async throws {
        try await Fleet.with(Self.settings) { fleet in
            var fleet = fleet
            if !isSound { fleet.environment["FLOTILLA_API_TOKENS"] = "app:event:t0ken-of-app" }
            let checked = try await fleet.place.run("flotilla-ingress", ["--check"], fleet.environment)
            #expect((checked.ending == .exited(0)) == isSound)
            guard !isSound else { return }
            #expect(checked.errors.contains("FLOTILLA_API_TOKENS must hold name:scopes[@tenant]:token, but entry 1 has scopes"))
            #expect(!checked.errors.contains("t0ken"))
        }
    }
}

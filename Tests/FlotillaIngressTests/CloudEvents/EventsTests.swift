// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import Testing

/// CloudEvents by HTTP, from the request's headers to what is published.
@Suite(.timeLimit(.minutes(1))) struct EventsTests {
    /// A request that says the least: an id, a source and a type.
    private static func binary(_ more: [(name: String, value: String)] = [], without: [String] = [], body: String = "") -> Request {
        let least = [
            ("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/orders"), ("ce-type", "order.placed"),
            ("Authorization", "Bearer \(Door.token)"),
        ].filter { !without.contains($0.0) }
        return Request(
            head: RequestHead(method: "POST", target: "/events", headers: Headers(least + more)), body: utf8(body))
    }

    private static func structured(
        _ json: String, type: String = "application/cloudevents+json", token: String = Door.token,
        _ more: [(name: String, value: String)] = []
    ) -> Request {
        let headers = Headers([("Content-Type", type), ("Authorization", "Bearer \(token)")] + more)
        return Request(head: RequestHead(method: "POST", target: "/events", headers: headers), body: utf8(json))
    }

    private static let least = #""specversion":"1.0","id":"1","source":"/orders","type":"order.placed""#
    private static let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    private static let otherTrace = "00-11111111111111111111111111111111-2222222222222222-00"

    @Test("an event in headers is published as it was sent, under the name of its token")
    func binaryMode() async throws {
        let door = try Door()
        let answer = await door.answer(
            Self.binary(
                [
                    ("Content-Type", "text/plain; charset=utf-8"), ("Ce-Time", "2026-01-02T03:04:05.678+01:00"), ("CE-SUBJECT", "42"),
                    ("ce-dataschema", "https://a.example/s"), ("ce-partitionkey", "k"), ("ce-comacme7", "x"), ("ce-tenant", "t"),
                ], body: "bytes"))
        #expect(answer.status == 202)
        #expect(answer.text == #"{"accepted":1,"ids":["1"]}"#)
        let event = try #require(door.publisher.published.first?.first)
        #expect(door.publisher.published.count == 1)
        #expect(
            event
                == (try Event(
                    id: "1", source: "app//orders", type: "order.placed", time: Timestamp("2026-01-02T02:04:05.678Z"), subject: "42",
                    dataContentType: "text/plain; charset=utf-8", dataSchema: "https://a.example/s",
                    extensions: ["partitionkey": "k", "comacme7": "x", "tenant": "t"], data: utf8("bytes"))))
    }

    @Test("an event as a document is published as it was sent, its data byte by byte")
    func structuredMode() async throws {
        let door = try Door()
        let answer = await door.answer(
            Self.structured(
                #"{\#(Self.least),"ext":true,"n":7,"data": { "a" : 1.0e5 } }"#, type: "application/CloudEvents+json; charset=UTF-8"))
        #expect(answer.status == 202)
        let event = try #require(door.publisher.published.first?.first)
        #expect(event.source == "app//orders")
        #expect(event.time == door.clock.now)
        #expect(event.extensions == ["ext": "true", "n": "7"])
        #expect(String(decoding: event.data, as: UTF8.self) == #"{ "a" : 1.0e5 }"#)
    }

    @Test("a batch is published at once, and answered with all of its ids")
    func batch() async throws {
        let door = try Door()
        let events = (0..<3).map { #"{"specversion":"1.0","id":"\#($0)","source":"urn:x","type":"t","data_base64":"AP8="}"# }
        let request = Self.structured("[\(events.joined(separator: " , "))]", type: "application/cloudevents-batch+json")
        let answer = await door.answer(request)
        #expect(answer.status == 202)
        #expect(answer.text == #"{"accepted":3,"ids":["0","1","2"]}"#)
        #expect(door.publisher.published.map(\.count) == [3])
        #expect(door.publisher.published.first?.allSatisfy { $0.source == "app/urn:x" && $0.data == [0, 255] } == true)
    }

    @Test("an empty batch is accepted, and nothing is published")
    func emptyBatch() async throws {
        let door = try Door(.fail(CancellationError()))
        let answer = await door.answer(Self.structured(" [ ] ", type: "application/cloudevents-batch+json"))
        #expect(answer.status == 202)
        #expect(answer.text == #"{"accepted":0,"ids":[]}"#)
        #expect(door.publisher.published.isEmpty)
    }

    @Test("one bad event of a batch refuses them all, so that a repaired batch makes no duplicates")
    func badBatch() async throws {
        let door = try Door()
        let request = Self.structured(
            #"[{\#(Self.least)},{"specversion":"1.0","id":"2","source":"/"}]"#, type: "application/cloudevents-batch+json")
        let answer = await door.answer(request)
        #expect(answer.status == 400)
        #expect(answer.text == #"{"error":"the attribute type is missing or empty"}"#)
        #expect(door.publisher.published.isEmpty)
    }

    @Test("a thousand events fit into a request, one more is too large")
    func batchLimit() async throws {
        func batch(_ count: Int) -> Request {
            Self.structured(
                "[" + Array(repeating: "{\(Self.least)}", count: count).joined(separator: ",") + "]",
                type: "application/cloudevents-batch+json")
        }
        let door = try Door()
        #expect(await door.answer(batch(1000)).status == 202)
        #expect(await door.answer(batch(1001)).status == 413)
        #expect(door.publisher.published.map(\.count) == [1000])
    }

    @Test(
        "what is no CloudEvent is refused with its reason, and nothing is published",
        arguments: [
            (binary(without: ["ce-id"]), 400, "id is missing"), (binary([("ce-id", "2")]), 400, "more than once"),
            (binary([("ce-id", "")], without: ["ce-id"]), 400, "id is missing"),
            (binary(without: ["ce-source"]), 400, "source is missing"), (binary(without: ["ce-type"]), 400, "type is missing"),
            (binary([("ce-source", "a b")], without: ["ce-source"]), 400, "source is not a URI"),
            (binary([("ce-source", "a%20b")], without: ["ce-source"]), 400, "source is not a URI"),
            (binary([("ce-id", "a%0Ab")], without: ["ce-id"]), 400, "control character"),
            (binary(without: ["ce-specversion"]), 400, "specversion"),
            (binary([("ce-specversion", "0.3")], without: ["ce-specversion"]), 400, "specversion"),
            (binary([("ce-type", String(repeating: "t", count: 256))], without: ["ce-type"]), 400, "longer than 255"),
            (binary([("ce-time", "yesterday")]), 400, "time is malformed"), (binary([("ce-time", "")]), 400, "time is malformed"),
            (binary([("ce-x", "%zz")]), 400, "percent"), (binary([("ce-x", "%4")]), 400, "percent"),
            (binary([("ce-x", "%FF")]), 400, "percent"),
            (binary([("ce-under_score", "x")]), 400, "extension"), (binary([("ce-", "x")]), 400, "extension"),
            (binary([("ce-datacontenttype", "x/y")]), 400, "extension"), (binary([("ce-data", "x")]), 400, "extension"),
            (binary([("ce-flotillaattempt", "7")]), 400, "fleet alone"), (binary([("ce-parentid", "7")]), 400, "fleet alone"),
            (binary([("Content-Type", "a/b"), ("Content-Type", "a/c")]), 400, "Content-Type"),
            (binary(without: ["ce-id", "ce-source", "ce-type", "ce-specversion"], body: "{}"), 400, "no CloudEvent"),
            (binary([("Content-Type", "application/cloudevents+xml")]), 415, "JSON"),
            (binary([("Content-Type", "application/cloudevents-batch+avro")]), 415, "JSON"),
            (structured(""), 400, "ends too early"), (structured("[]"), 400, "not a JSON object"), (structured("{}"), 400, "specversion"),
            (structured("{\(least)} x"), 400, "followed by"), (structured(#"{\#(least),"id":"2"}"#), 400, "twice"),
            (structured(#"{\#(least),"x":{}}"#), 400, "extension"),
            (structured(#"{\#(least),"data":1,"data_base64":"AA=="}"#), 400, "both"),
            (structured(#"{\#(least),"data":\#(String(repeating: "[", count: 100_000))"#), 400, "nested deeper"),
            (structured(#"{\#(least),"parentid":"x"}"#), 400, "fleet alone"),
            (structured("{\(least)}", type: "application/cloudevents-batch+json"), 400, "not a JSON array"),
            (structured("[[]]", type: "application/cloudevents-batch+json"), 400, "not a JSON object"),
        ] as [(Request, Int, String)])
    func refused(request: Request, status: Int, why: String) async throws {
        let door = try Door()
        let answer = await door.answer(request)
        #expect(answer.status == status)
        #expect(answer.text.contains(why), "\(answer.text)")
        #expect(door.publisher.published.isEmpty)
    }

    @Test("a type of 255 bytes is the longest")
    func longType() async throws {
        let door = try Door()
        let request = Self.binary([("ce-type", String(repeating: "t", count: 255))], without: ["ce-type"])
        #expect(await door.answer(request).status == 202)
    }

    @Test(
        "attributes in headers are percent-encoded UTF-8, or in the quotes of older senders",
        arguments: [
            ("Euro%20%E2%82%AC%20%f0%9f%98%80", "Euro € 😀"), ("%25%22", "%\""), (#""a b""#, "a b"), (#""a\"b\\c""#, #"a"b\c"#),
            (#""%41""#, "A"), ("plain", "plain"), ("a+b", "a+b"), (#"""#, #"""#), (#""x"#, #""x"#), ("naïve", "naïve"), ("%2541", "%41"),
        ])
    func percentEncoding(sent: String, meant: String) async throws {
        let door = try Door()
        #expect(await door.answer(Self.binary([("ce-subject", sent)])).status == 202)
        #expect(door.publisher.published.first?.first?.subject == meant)
    }

    @Test(
        "a token's tenant is every event's; an event of another tenant is refused",
        arguments: [
            (Door.tenantToken, "", 202, "acme"), (Door.tenantToken, #","tenant":"acme""#, 202, "acme"),
            (Door.tenantToken, #","tenant":"other""#, 403, nil), (Door.tenantToken, #","tenant":"""#, 403, nil),
            (Door.token, "", 202, nil), (Door.token, #","tenant":"other""#, 202, "other"),
        ] as [(String, String, Int, String?)])
    func tenants(token: String, more: String, status: Int, tenant: String?) async throws {
        let door = try Door()
        #expect(await door.answer(Self.structured("{\(Self.least)\(more)}", token: token)).status == status)
        #expect(door.publisher.published.first?.first?.tenant == tenant)
    }

    @Test(
        "the trace is the event's own, else the request's, and nothing malformed",
        arguments: [
            ([("traceparent", trace), ("tracestate", "a=b")], trace, "a=b"),
            ([("ce-traceparent", trace), ("ce-tracestate", "a=b")], trace, "a=b"),
            ([("ce-traceparent", trace), ("traceparent", otherTrace), ("tracestate", "a=b")], trace, nil),
            ([("ce-traceparent", "00-x"), ("traceparent", otherTrace)], otherTrace, nil), ([("ce-traceparent", "00-x")], nil, nil),
            ([("traceparent", trace), ("traceparent", trace)], nil, nil), ([("ce-tracestate", "a=b")], nil, nil), ([], nil, nil),
        ] as [([(name: String, value: String)], String?, String?)])
    func traces(headers: [(name: String, value: String)], parent: String?, state: String?) async throws {
        let door = try Door()
        #expect(await door.answer(Self.binary(headers)).status == 202)
        let event = try #require(door.publisher.published.first?.first)
        #expect(event.traceParent == parent)
        #expect(event.extensions["tracestate"] == state)
    }

    @Test("each event of a batch keeps its own trace, the others get the request's")
    func tracesInBatch() async throws {
        let door = try Door()
        let events = #"[{\#(Self.least),"traceparent":"\#(Self.trace)"},{\#(Self.least)}]"#
        let request = Self.structured(events, type: "application/cloudevents-batch+json", [("traceparent", Self.otherTrace)])
        #expect(await door.answer(request).status == 202)
        #expect(door.publisher.published.first?.map(\.traceParent) == [Self.trace, Self.otherTrace])
    }

    @Test(
        "who has no token for events is refused before the body is read",
        arguments: [
            ([], 401), (["Bearer wrong"], 401), (["Basic \(Door.token)"], 401), (["Bearer \(Door.searchToken)"], 403),
            (["Bearer \(Door.token)", "Bearer \(Door.token)"], 401), (["Bearer \(Door.token)"], nil),
        ] as [([String], Int?)])
    func access(values: [String], status: Int?) async throws {
        let door = try Door()
        var request = Self.binary(values.map { ("Authorization", $0) }, without: ["Authorization"])
        let answer = door.ingress.admit(request.head).answer
        #expect(answer?.status == status)
        #expect((answer?.headers["WWW-Authenticate"] == nil) == (status == nil))
        guard status != nil else { return }
        #expect(await door.answer(request) == answer)
        request.head.method = "GET"
        #expect(door.ingress.admit(request.head).answer?.status == 405)
        #expect(door.publisher.published.isEmpty)
        #expect(door.log.lines.allSatisfy { !String(decoding: $0.json, as: UTF8.self).contains(Door.token) })
    }

    @Test("events wait for their confirm as hooks do: away, refused for its size, or never coming")
    func broker() async throws {
        let door = try Door(.fail(CancellationError()))
        let away = await door.answer(Self.binary())
        #expect(away.status == 503)
        #expect(away.headers["Retry-After"] == "5")
        door.publisher.change(to: .hold)
        async let late = door.answer(Self.binary())
        await door.publisher.called(2)
        door.pass(.seconds(8))
        #expect(await late.status == 503)
        door.publisher.release()
        door.ingress.drain()
        #expect(await door.answer(Self.binary()).status == 503)
    }

    @Test("requests and refusals are counted apart from those of hooks")
    func metrics() async throws {
        let door = try Door()
        _ = await door.answer(Self.binary())
        _ = await door.answer(Self.binary(without: ["ce-id"]))
        _ = await door.answer(Self.binary(without: ["Authorization"]))
        let text = String(decoding: door.metrics.render(), as: UTF8.self)
        for line in [
            #"flotilla_ingress_requests_total{hook="_events",status="202"} 1"#,
            #"flotilla_ingress_requests_total{hook="_events",status="400"} 1"#,
            #"flotilla_ingress_requests_total{hook="_events",status="401"} 1"#,
            #"flotilla_ingress_rejected_total{hook="_events",reason="content"} 1"#,
            #"flotilla_ingress_rejected_total{hook="_events",reason="header"} 1"#,
        ] {
            #expect(text.contains(line + "\n"), "\(line)")
        }
    }
}

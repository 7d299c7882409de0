// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import TestSupport
import Testing

/// Requests of CloudEvents with random damage, in all three forms. None brings the ingress down; what is accepted is a sound event of
/// its token, and stays the same when it is written and read again.
@Suite(.timeLimit(.minutes(30))) struct EventsFuzzTests {
    private static let least = #""specversion":"1.0","id":"1","source":"/orders","type":"order.placed","time":"2026-01-02T03:04:05Z""#
    private static let bodies: [(type: String, body: String)] = [
        ("application/cloudevents+json", #"{\#(least),"data":{"a":[1.0e5,"é"]},"tenant":"acme","n":7,"ok":true}"#),
        ("application/cloudevents+json", #"{\#(least),"datacontenttype":"text/plain","data":"te\u00e9xt"}"#),
        (
            "application/cloudevents+json",
            #"{\#(least),"data_base64":"AAECAwQ=","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}"#
        ),
        ("application/cloudevents-batch+json", #"[{\#(least)},{\#(least),"data":null}]"#),
        ("text/plain", "bytes"),
    ]
    private static let headers: [(name: String, value: String)] = [
        ("ce-specversion", "1.0"), ("ce-id", "a%20b"), ("ce-source", "/orders"), ("ce-type", "order.placed"),
        ("ce-time", "2026-01-02T03:04:05.5+01:00"), ("ce-subject", #""quoted \"text\"""#), ("ce-partitionkey", "%E2%82%AC"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), ("tracestate", "a=b,c=d"),
    ]

    @Test("damaged events are refused or sound")
    func damaged() async throws {
        let door = try Door()
        var random = Seeded(11)
        var statuses: [Int: Int] = [:]
        for number in 0..<Fuzz.cases {
            let (type, body) = Self.bodies[number % Self.bodies.count]
            var request = Request(
                head: RequestHead(
                    method: "POST", target: "/events",
                    headers: Headers([("Content-Type", type)] + (type == "text/plain" ? Self.headers : []))),
                body: utf8(body))
            if Bool.random(using: &random) {
                request.body = Fuzz.mutate(request.body, with: &random)
            } else {
                for _ in 0..<Int.random(in: 1...2, using: &random) { Self.strike(&request.head.headers, with: &random) }
            }
            request.head.headers.add("Authorization", "Bearer \(Door.token)")
            let answer = await door.answer(request)
            statuses[answer.status, default: 0] += 1
            for event in door.publisher.take().joined() {
                #expect(event.source.hasPrefix("app/"), "case \(number)")
                #expect(try Event(json: event.json) == event, "case \(number)")
            }
        }
        #expect(Set(statuses.keys).isSubset(of: [202, 400, 415]), "\(statuses)")
        // Damage that always hits, or never, would prove nothing.
        #expect(statuses[202, default: 0] > Fuzz.cases / 20 && statuses[400, default: 0] > Fuzz.cases / 20, "\(statuses)")
    }

    private static func strike(_ headers: inout Headers, with random: inout Seeded) {
        guard let place = headers.fields.indices.randomElement(using: &random) else { return }
        switch Int.random(in: 0..<5, using: &random) {
        case 0: headers.fields.remove(at: place)
        case 1: headers.fields.append(headers.fields[place])
        case 2: headers.fields[place].name = String(decoding: Fuzz.mutate(utf8(headers.fields[place].name), with: &random), as: UTF8.self)
        default:
            headers.fields[place].value = String(decoding: Fuzz.mutate(utf8(headers.fields[place].value), with: &random), as: UTF8.self)
        }
    }
}

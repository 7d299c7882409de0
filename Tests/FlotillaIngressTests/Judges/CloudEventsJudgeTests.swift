// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import Foundation
import Testing

/// Against the SDK of the CloudEvents project: what it sends we publish unchanged, and it reads what we write.
/// It needs PyPI's cloudevents in the folder that FLOTILLA_TEST_TOOLS names.
@Suite(.enabled(if: Judge.isThere, "FLOTILLA_TEST_TOOLS is not set"), .timeLimit(.minutes(10)))
struct CloudEventsJudgeTests {
    struct Sent: Decodable {
        let headers: [String: String]
        let body: String
    }

    struct Read: Decodable {
        let attributes: [String: String]
        let bytes: String
    }

    static let attributes: [[String: String]] = [
        ["id": "1", "source": "/orders", "type": "order.placed"],
        [
            "id": "a b%\"é😀", "source": "urn:x:y?z=1#f", "type": "with space and ü", "subject": "Euro € 100%",
            "time": "2026-01-02T03:04:05.678901Z",
            "dataschema": "https://a.example/s", "tenant": "acme", "partitionkey": "{\"k\": \"\\\\\"}",
        ],
        ["id": "2", "source": "https://a.example/~x", "type": "t", "time": "2026-01-02T03:04:05+02:00", "ext1": ""],
    ]
    static let bodies: [[UInt8]] = [[], utf8(#"{"a": [1.0, "é", null]}"#), [0, 255, 10, 13, 128]]

    @Test("what the SDK sends is published as it was, and the SDK reads it again as it was")
    func bothWays() async throws {
        var asked: [[String: Any]] = []
        var expected: [(attributes: [String: String], body: [UInt8])] = []
        for attributes in Self.attributes {
            for body in Self.bodies {
                for mode in ["binary", "structured"] {
                    var attributes = attributes
                    if !body.isEmpty { attributes["datacontenttype"] = "application/octet-stream" }
                    asked.append(["do": "send", "mode": mode, "attributes": attributes, "bytes": Data(body).base64EncodedString()])
                    expected.append((attributes, body))
                }
            }
        }
        let sent = try Judge.ask("cloudevents_judge.py", asked, for: Sent.self)
        #expect(sent.count == expected.count)
        let door = try Door()
        for message in sent {
            let headers = message.headers.map { (name: $0.key, value: $0.value) } + [("Authorization", "Bearer \(Door.token)")]
            let body = try #require(Data(base64Encoded: message.body))
            let request = Request(head: RequestHead(method: "POST", target: "/events", headers: Headers(headers)), body: Array(body))
            let answer = await door.answer(request)
            #expect(answer.status == 202, "\(answer.text)")
        }
        let published = door.publisher.published.compactMap(\.first)
        try #require(published.count == expected.count)
        let read = try Judge.ask(
            "cloudevents_judge.py", published.map { ["do": "read", "body": Data($0.json).base64EncodedString()] }, for: Read.self)
        for ((attributes, body), (event, read)) in zip(expected, zip(published, read)) {
            #expect(event.data == body)
            // Of an event without data the SDK says nothing.
            #expect(read.bytes == (body.isEmpty ? Data("null".utf8) : Data(body)).base64EncodedString())
            var attributes = attributes
            attributes["specversion"] = "1.0"
            attributes["source"] = "app/" + (attributes["source"] ?? "")
            attributes["time"] = event.time?.description
            if attributes["tenant"] == nil { attributes["tenant"] = nil }
            #expect(read.attributes.filter { $0.key != "time" } == attributes.filter { $0.key != "time" })
            #expect(read.attributes["time"].flatMap { Timestamp($0) } == event.time)
        }
        #expect(published.compactMap(\.time).contains(try #require(Timestamp("2026-01-02T01:04:05Z"))))
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import Foundation
internal import Testing

@testable internal import FlotillaWorkers

struct BodyCase: Sendable, CustomTestStringConvertible {
    let name: String
    let contentType: String?
    let data: [UInt8]
    /// What stands at the end of the line, from `datacontenttype` or `body` on.
    let expected: String

    init(_ name: String, _ contentType: String?, _ data: some Sequence<UInt8>, _ expected: String) {
        self.name = name
        self.contentType = contentType
        self.data = Array(data)
        self.expected = expected
    }

    var testDescription: String { name }

    static let all = [
        BodyCase("an object", "application/json", #"{"a": [1, 2]}"#.utf8, #""body":{"a": [1, 2]}}"#),
        BodyCase("a type with parameters and capitals", "Application/JSON; charset=utf-8", "1".utf8, #""body":1}"#),
        BodyCase("a vendor's JSON type", "application/vnd.github+json", "[]".utf8, #""body":[]}"#),
        BodyCase("no type, which means JSON", nil, "null".utf8, #""body":null}"#),
        BodyCase(
            "numbers that no double holds", "application/json", "[12345678901234567890123,1e999]".utf8,
            #""body":[12345678901234567890123,1e999]}"#),
        BodyCase("a key twice", "application/json", #"{"a":1,"a":2}"#.utf8, #""body":{"a":1,"a":2}}"#),
        BodyCase(
            "JSON on several lines", "application/json", "\r\n{\n  \"a\":\r\n\t\"x\\ny\",\r\"b\":1\n,\n\"c\":2\n}\n".utf8,
            "\"body\":{  \"a\":\t\"x\\ny\",\"b\":1,\"c\":2}}"),
        BodyCase("JSON that is cut", "application/json", #"{"a":"#.utf8, ##""datacontenttype":"application/json","body":"{\"a\":"}"##),
        BodyCase(
            "JSON with more behind it", "application/json", "{}\n{}".utf8, ##""datacontenttype":"application/json","body":"{}\n{}"}"##),
        BodyCase("no data", "application/json", "".utf8, #""datacontenttype":"application/json","body":""}"#),
        BodyCase("no data and no type", nil, "".utf8, #""body":""}"#),
        BodyCase("text that looks like JSON", "text/plain", "{}".utf8, #""datacontenttype":"text/plain","body":"{}"}"#),
        BodyCase("a type that only ends like JSON", "text/notjson", "{}".utf8, #""datacontenttype":"text/notjson","body":"{}"}"#),
        BodyCase(
            "text with all line breaks", "text/plain", "a\nb\r\nc\rd\u{2028}e\u{85}".utf8,
            "\"datacontenttype\":\"text/plain\",\"body\":\"a\\nb\\r\\nc\\rd\u{2028}e\u{85}\"}"),
        BodyCase(
            "text with a few control characters", "text/plain", "a\u{0}\u{1B}bcdefghi".utf8,
            ##""datacontenttype":"text/plain","body":"a\u0000\u001bbcdefghi"}"##),
        BodyCase(
            "a form", "application/x-www-form-urlencoded", "a=1&b=%0A".utf8,
            #""datacontenttype":"application/x-www-form-urlencoded","body":"a=1&b=%0A"}"#),
        BodyCase(
            "control characters alone", "text/plain", [0, 0, 0], #""datacontenttype":"text/plain","body":null,"body_base64":"AAAA"}"#),
        BodyCase("bytes that are not UTF-8", nil, [0xFF, 0x0A], #""body":null,"body_base64":"/wo="}"#),
        BodyCase(
            "JSON that is not UTF-8", "application/json", [0x22, 0xC3, 0x22],
            #""datacontenttype":"application/json","body":null,"body_base64":"IsMi"}"#),
        BodyCase(
            "JSON in UTF-16", "application/json", [0xFE, 0xFF, 0x00, 0x31],
            #""datacontenttype":"application/json","body":null,"body_base64":"/v8AMQ=="}"#),
    ]
}

@Suite struct LogRecordTests {
    private let now = Timestamp(milliseconds: 1_767_225_600_250)

    private func line(_ event: Event) throws -> String {
        let line = LogRecord(event, now: now).line
        #expect(line.last == 0x0A)
        #expect(!line.dropLast().contains(0x0A) && !line.contains(0x0D))
        return String(decoding: line.dropLast(), as: UTF8.self)
    }

    @Test("The body is JSON as it came, or text, or Base64; and always on one line", arguments: BodyCase.all)
    func body(_ body: BodyCase) throws {
        let line = try line(event("7", contentType: body.contentType, body.data))
        let head = #"{"time":"2026-01-01T00:00:00.250Z","level":"info","id":"7","source":"/hooks/github","type":"github.push","#
        #expect(line == head + body.expected)
        _ = try JSONValue(parsing: line)
        _ = try JSONSerialization.jsonObject(with: Data(line.replacing("1e999", with: "1e9").utf8))
    }

    @Test func `The event's own time, subject, tenant and trace are told, other extensions are not`() throws {
        let event = try event(
            "7", "x".utf8, subject: "ärger \"1\"", extensions: ["tenant": "acme", "traceparent": "00-ab-cd-01", "partitionkey": "p"],
            time: Timestamp(milliseconds: 1_000))
        #expect(
            try line(event)
                == #"{"time":"1970-01-01T00:00:01Z","level":"info","id":"7","source":"/hooks/github","type":"github.push","#
                + #""subject":"ärger \"1\"","tenant":"acme","traceparent":"00-ab-cd-01","datacontenttype":"text/plain","body":"x"}"#)
    }

    @Test(
        "Only a log.record names its level, in a few letters",
        arguments: [
            ("log.record", #"{"level":"warning"}"#, "warning"), ("log.record", #"{"level":"ERROR","message":"x"}"#, "error"),
            ("log.record", #"{"level":30}"#, "30"), ("log.record", #"{"message":"x"}"#, "info"), ("log.record", #"{"level":""}"#, "info"),
            ("log.record", #"{"level":{"level":"error"}}"#, "info"), ("log.record", #"{"a":{"level":"error"}}"#, "info"),
            ("log.record", #"["level"]"#, "info"), ("log.record", #"{"level":"a\nb"}"#, "a\nb"),
            ("log.record", #"{"level":"\#(String(repeating: "x", count: 33))"}"#, "info"),
            ("log.recorded", #"{"level":"error"}"#, "info"), ("water.gauge", #"{"level":"high"}"#, "info"),
        ])
    func level(type: String, data: String, expected: String) throws {
        let line = try line(event("7", type: type, contentType: "application/json", data.utf8))
        #expect(try JSONValue(parsing: line)["level"]?.string == expected)
    }

    @Test(
        "JSON goes in as JSON as deep as readers can follow, and deeper as text", arguments: [(127, true), (128, false), (100_000, false)])
    func depth(levels: Int, isJSON: Bool) throws {
        let deep = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        let line = try line(event("7", contentType: "application/json", deep.utf8))
        let body = try JSONValue(parsing: line)["body"]
        #expect((body?.array != nil) == isJSON)
        #expect((body?.string == deep) == !isJSON)
    }

    @Test("A line stays within three times its data", arguments: [0x00, 0x0A, 0x22, 0x61, 0xFF] as [UInt8])
    func bounded(byte: UInt8) throws {
        let data = [UInt8](repeating: byte, count: 1 << 18)
        let line = LogRecord(try event("7", contentType: "text/plain", data), now: now).line
        #expect(line.count <= 3 * data.count)
        let mixed = (0..<1 << 18).map { $0 % 5 == 0 ? 1 : byte }
        let mixedLine = LogRecord(try event("7", contentType: "text/plain", mixed), now: now).line
        #expect(mixedLine.count <= 3 * data.count)
    }
}

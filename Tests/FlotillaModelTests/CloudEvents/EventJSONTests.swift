// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import TestSupport
internal import Testing

@testable internal import FlotillaModel

@Suite struct EventJSONTests {
    private static let head = #""specversion":"1.0","id":"1","source":"/s","type":"t""#

    private func event(_ rest: String) throws -> Event {
        try Event(json: Array("{\(Self.head)\(rest.isEmpty ? "" : ",")\(rest)}".utf8))
    }

    @Test("An event is written with its attributes, its extensions by name, and its data last")
    func writes() throws {
        let event = try Event(
            id: "a\"1", source: "/hooks/github", type: "github.push", time: Timestamp("2026-01-01T00:00:00.5Z"), subject: "s",
            dataContentType: "application/json", dataSchema: "urn:x", extensions: ["tenant": "t", "partitionkey": "p"],
            data: Array(#"{"a": 1}"#.utf8))
        #expect(
            String(decoding: event.json, as: UTF8.self)
                == #"{"specversion":"1.0","id":"a\"1","source":"/hooks/github","type":"github.push","time":"2026-01-01T00:00:00.500Z","subject":"s","#
                + #""datacontenttype":"application/json","dataschema":"urn:x","partitionkey":"p","tenant":"t","data":{"a": 1}}"#)
    }

    @Test(
        "Data stand in the document as they are when they are JSON and can be cut out unchanged, and else as Base64",
        arguments: [
            ("application/json", "{}", "data"), ("application/json; charset=utf-8", "[1]", "data"), ("application/vnd.x+json", "1", "data"),
            ("Text/JSON", #""x""#, "data"), (nil, "{}", "data"), ("text/plain", "{}", "data_base64"),
            ("application/json", "{", "data_base64"),
            ("application/json", " {}", "data_base64"), ("application/json", "{}\n", "data_base64"),
            ("application/json", "null", "data_base64"),
            (nil, "plain", "data_base64"), ("json", "{}", "data_base64"), ("application/jsonx", "{}", "data_base64"),
            ("application/json", String(repeating: "[", count: 504) + String(repeating: "]", count: 504), "data"),
            ("application/json", String(repeating: "[", count: 505) + String(repeating: "]", count: 505), "data_base64"),
        ] as [(String?, String, String)])
    func dataMember(contentType: String?, data: String, member: String) throws {
        let event = try Event(id: "1", source: "/s", type: "t", dataContentType: contentType, data: Array(data.utf8))
        let names = try #require(try JSONValue(parsing: event.json, depthLimit: 600).members).map(\.name)
        #expect(names.last == member)
        #expect(try Event(json: event.json) == event)
        #expect(try Event.batch(json: Event.json(batch: [event, event]), limit: 2) == [event, event])
    }

    @Test(
        "Data are read by their content type",
        arguments: [
            ("", ""), (#""data":{"a" : 1}"#, #"{"a" : 1}"#), (#""data":"x""#, #""x""#),
            (#""datacontenttype":"text/plain","data":"x\ny""#, "x\ny"),
            (#""data":"x\ny","datacontenttype":"text/plain""#, "x\ny"), (#""datacontenttype":"text/plain","data":[1]"#, "[1]"),
            (#""data":null"#, ""),
            (#""data_base64":"aGk=""#, "hi"), (#""data_base64":null,"data":1"#, "1"), (#""data_base64":"""#, ""),
            (#""datacontenttype":"application/x+json","data":"x""#, #""x""#),
        ])
    func dataValue(rest: String, expected: String) throws {
        #expect(String(decoding: try event(rest).data, as: UTF8.self) == expected)
    }

    @Test(
        "What is unknown is an extension, its value as CloudEvents writes it; null is nothing",
        arguments: [
            (#""tenant":"x""#, ["tenant": "x"]), (#""a":true,"b":false,"c":-7,"d":0"#, ["a": "true", "b": "false", "c": "-7", "d": "0"]),
            (#""a":null"#, [:]),
            (#""a":-0"#, ["a": "0"]), (#""\u0061b1":"""#, ["ab1": ""]),
        ] as [(String, [String: String])])
    func extensions(rest: String, expected: [String: String]) throws {
        #expect(try event(rest).extensions == expected)
    }

    @Test(
        "What breaks a rule is refused, and the reason names the rule",
        arguments: [
            (#""data":1,"data_base64":"AA==""#, UnreadableEvent.twoKindsOfData), (#""data_base64":"AA""#, .base64),
            (#""data_base64":1"#, .notText("data_base64")),
            (#""time":"yesterday""#, .event(.malformed("time"))), (#""time":1"#, .notText("time")),
            (#""subject":"""#, .event(.missing("subject"))),
            (#""id":"2""#, .repeatedName), (#""\u0069d":"2""#, .repeatedName), (#""a":1,"a":1"#, .repeatedName),
            (#""a":1.5"#, .extensionValue),
            (#""a":1e2"#, .extensionValue), (#""a":99999999999999999999"#, .extensionValue), (#""a":[]"#, .extensionValue),
            (#""a":{"b":1}"#, .extensionValue),
            (#""A":"x""#, .event(.extensionName)), (#""a_b":"x""#, .event(.extensionName)), (#""":"x""#, .event(.extensionName)),
            (#""a":"\u0000""#, .event(.control("a"))),
            (#""datacontenttype":[]"#, .notText("datacontenttype")), (#""dataschema":"a b""#, .event(.notAReference("dataschema"))),
        ])
    func refused(rest: String, reason: UnreadableEvent) {
        #expect(throws: reason) { try event(rest) }
    }

    @Test(
        "What is no event at all is refused",
        arguments: [
            ("[]", UnreadableEvent.notAnObject), ("1", .notAnObject), ("", .json(.endsTooEarly)), ("{", .json(.endsTooEarly)),
            ("{}", .event(.specVersion)),
            (#"{"specversion":"0.3","id":"1","source":"/s","type":"t"}"#, .event(.specVersion)),
            (#"{"specversion":1.0,"id":"1"}"#, .notText("specversion")),
            (#"{"specversion":"1.0","source":"/s","type":"t"}"#, .event(.missing("id"))),
            (#"{"specversion":"1.0","id":null,"source":"/s","type":"t"}"#, .event(.missing("id"))),
            (#"{"specversion":"1.0","id":"1","type":"t"}"#, .event(.missing("source"))),
            (#"{"specversion":"1.0","id":"1","source":"/s"}"#, .event(.missing("type"))),
            (#"{"specversion":"1.0","id":1,"source":"/s","type":"t"}"#, .notText("id")),
            (#"{"specversion":"1.0","id":"1","source":"/s","type":"t"}x"#, .json(.trailing(at: 55))),
        ])
    func noEvent(text: String, reason: UnreadableEvent) {
        #expect(throws: reason) { try Event(json: Array(text.utf8)) }
    }

    @Test("More attributes than an event may have are refused while they are read")
    func flood() {
        let flood = (0..<100_000).map { #""x\#($0)":1"# }.joined(separator: ",")
        #expect(throws: UnreadableEvent.event(.tooManyExtensions(limit: 64))) { try event(flood) }
    }

    @Test("A batch is an array of events, of a limited number")
    func batch() throws {
        let one = "{\(Self.head)}"
        func read(_ text: String) throws -> Int { try Event.batch(json: Array(text.utf8), limit: 3).count }
        #expect(try read("[]") == 0)
        #expect(try read("[\(one), \(one),\(one)]") == 3)
        #expect(throws: UnreadableEvent.tooMany(limit: 3)) { try read("[\(one),\(one),\(one),\(one)]") }
        #expect(throws: UnreadableEvent.notAnArray) { try read(one) }
        #expect(throws: UnreadableEvent.notAnObject) { try read("[1]") }
        #expect(throws: UnreadableEvent.notAnObject) { try read("[[\(one)]]") }
        #expect(throws: UnreadableEvent.event(.specVersion)) { try read("[\(one),{}]") }
        #expect(throws: UnreadableEvent.json(.trailing(at: 3))) { try read("[] []") }
    }

    @Test("Any event comes back as it was written")
    func roundTrip() throws {
        var random = Seeded(17)
        let bodies =
            ["", "{}", "[1, 2]", " {}", "null", "\"x\"", "not json", "\u{0}\u{1}", #"{"a":"\u00e9"}"#].map { Array($0.utf8) } + [
                [0xFF, 0x00], [0x20], [0xEF, 0xBB, 0xBF, 0x31],
            ]
        let types: [String?] = [nil, "application/json", "text/plain", "application/x+json; v=1", "x"]
        for _ in 0..<Fuzz.cases / 20 {
            let letters = Array("ab/\"\\é😀~%:\u{A0}")
            func text() -> String {
                String((0..<Int.random(in: 1...9, using: &random)).compactMap { _ in letters.randomElement(using: &random) })
            }
            let names = ["tenant", "a1", "partitionkey"].filter { _ in Bool.random(using: &random) }
            let event = try Event(
                id: text(), source: "/" + text().filter { $0 != "\"" && $0 != "\\" }, type: text(),
                time: Bool.random(using: &random)
                    ? Timestamp(microseconds: Int64.random(in: -62_135_596_800_000_000...253_402_300_799_999_999, using: &random)) : nil,
                subject: Bool.random(using: &random) ? text() : nil, dataContentType: types.randomElement(using: &random) ?? nil,
                extensions: Dictionary(uniqueKeysWithValues: names.map { ($0, text()) }), data: bodies.randomElement(using: &random) ?? [])
            #expect(try Event(json: event.json) == event)
            _ = try JSONSerialization.jsonObject(with: Data(event.json))
        }
    }

    @Test("No mutated document crashes the reader, and what it accepts comes back the same")
    func fuzz() throws {
        let seed = try Event(
            id: "1", source: "/s", type: "t", time: Timestamp(milliseconds: 1), dataContentType: "application/json", extensions: ["a": "1"],
            data: Array(#"{"a":[1,{"b":null}]}"#.utf8)
        ).json
        var random = Seeded(23)
        var accepted = 0
        for _ in 0..<Fuzz.cases {
            let bytes = Fuzz.mutate(seed, with: &random)
            guard let event = try? Event(json: bytes) else { continue }
            accepted += 1
            #expect(try Event(json: event.json) == event, "\(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(accepted > 0)
    }
}

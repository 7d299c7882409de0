// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import TestSupport
internal import Testing

@testable internal import FlotillaModel

@Suite struct JSONWriterTests {
    @Test("Commas stand between values, and nowhere else")
    func structure() {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("a", 1)
            writer.key("b")
            writer.array { writer in
                writer.array { _ in }
                writer.object { _ in }
                writer.string("x")
                writer.null()
                writer.bool(false)
                writer.double(0.5)
                writer.raw("[1]".utf8)
            }
            writer.member("c", true)
            writer.member("d", -2.0)
            writer.member("e", UInt64.max)
        }
        writer.newline()
        writer.object { $0.member("n", Double.nan) }
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"{"a":1,"b":[[],{},"x",null,false,0.5,[1]],"c":true,"d":-2.0,"e":18446744073709551615}"# + "\n" + #"{"n":null}"#)
    }

    @Test(
        "Only what must be escaped is",
        arguments: [
            ("", #""""#), ("plain", #""plain""#), ("a\"b\\c/", #""a\"b\\c/""#), ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#),
            ("\u{0}\u{1B}\u{1F}", #""\u0000\u001b\u001f""#), ("é😀\u{7F}", "\"é😀\u{7F}\""),
        ])
    func strings(text: String, expected: String) {
        var writer = JSONWriter()
        writer.string(text)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
    }

    @Test("What is written is appended")
    func appends() {
        var writer = JSONWriter(appendingTo: [0x21])
        writer.integer(7)
        #expect(writer.bytes == Array("!7".utf8))
    }

    @Test("Any tree survives writing and reading, and Foundation reads the same texts")
    func roundTrip() throws {
        var random = Seeded(3)
        for _ in 0..<Fuzz.cases / 20 {
            let value = Self.tree(depth: 4, &random)
            let bytes = value.encoded
            #expect(try JSONValue(parsing: bytes) == value)
            _ = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
        }
    }

    private static func tree(depth: Int, _ random: inout Seeded) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &random) {
        case 0: .null
        case 1: .bool(Bool.random(using: &random))
        case 2: .integer(Int.random(in: Int.min...Int.max, using: &random))
        case 3: .number(Double.random(in: -1e9...1e9, using: &random).description)
        case 4: .string(text(&random))
        case 5: .array((0..<Int.random(in: 0..<5, using: &random)).map { _ in tree(depth: depth - 1, &random) })
        default:
            .object((0..<Int.random(in: 0..<5, using: &random)).map { _ in JSONMember(text(&random), tree(depth: depth - 1, &random)) })
        }
    }

    private static func text(_ random: inout Seeded) -> String {
        let letters = Array("ab \"\\\n\u{0}\u{1F}é\u{7F}\u{2028}😀")
        return String((0..<Int.random(in: 0..<12, using: &random)).compactMap { _ in letters.randomElement(using: &random) })
    }
}

@Suite struct JSONValueTests {
    @Test("A document is read into a tree that keeps order, repetitions and the digits of numbers")
    func tree() throws {
        let value = try JSONValue(parsing: #"{"b":[1,1.50,"x\u0041",null,true],"a":{},"b":2}"#)
        #expect(
            value
                == .object([
                    JSONMember("b", .array([.number("1"), .number("1.50"), .string("xA"), .null, .bool(true)])),
                    JSONMember("a", .object([] as [JSONMember])),
                    JSONMember("b", .number("2")),
                ]))
        #expect(value["b"]?.integer == 2)
        #expect(value["a"]?["b"] == nil)
        #expect(JSONValue.number("1.5").integer == nil)
        #expect(JSONValue.number("1.5").double == 1.5)
    }

    @Test("A document larger than the limit is refused before it is read")
    func size() {
        #expect(throws: JSONFailure.tooLarge(limit: 4)) { _ = try JSONValue(parsing: "[1,2]", sizeLimit: 4) }
        #expect(throws: Never.self) { _ = try JSONValue(parsing: "[12]", sizeLimit: 4) }
    }
}

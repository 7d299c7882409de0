// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import TestSupport
internal import Testing

@testable internal import FlotillaModel

@Suite struct JSONFieldsTests {
    @Test(
        "A path finds its value wherever it stands, and only there",
        arguments: [
            (#"{"action":"opened"}"#, ["action"], JSONField.string("opened")),
            (
                #"{"x":{"id":1},"installation":{"node":"y","id":12345678901234567890}}"#, ["installation", "id"],
                .number("12345678901234567890")
            ),
            (#"{"a":{"b":{"c":true}}}"#, ["a", "b", "c"], .bool(true)), (#"{"a":null}"#, ["a"], .null), (#"{"a":1}"#, ["b"], nil),
            (#"{"a":1}"#, ["a", "b"], nil), (#"{"a":[{"b":1}]}"#, ["a", "b"], nil), (#"[{"a":1}]"#, ["a"], nil),
            (#"{"x":[{"a":1}],"y":{"a":2}}"#, ["a"], nil), (#"{"b":{"a":1},"a":2}"#, ["a"], .number("2")),
            (#"{"a":{"x":{"b":1}}}"#, ["a", "b"], nil), (#"{"a":{"x":{"q":1},"b":2}}"#, ["a", "b"], .number("2")),
            (#"{"a":1,"a":2}"#, ["a"], .number("2")), (#"{"a":{"b":1},"a":2}"#, ["a", "b"], nil),
            (#"{"a":2,"a":{"b":1}}"#, ["a", "b"], .number("1")),
            (#"{"a":1,"a":{}}"#, ["a"], .object(11..<13)), (#"{"a": [1, [2]] ,"b":1}"#, ["a"], .array(6..<14)),
            (#"{"a":{"b":{}}}"#, ["a"], .object(5..<13)),
            (#"{"\u0061":"\u00e9\ud83d\ude00\n\/"}"#, ["a"], .string("é😀\n/")), (#"{"a":"\ud83dx"}"#, ["a"], .string("\u{FFFD}x")),
            (#"{"a":"\ud83d\ud83d\ude00"}"#, ["a"], .string("\u{FFFD}😀")), (#""x""#, [], .string("x")), (" {} ", [], .object(1..<3)),
            (#"{"":1}"#, [""], .number("1")),
        ] as [(String, [String], JSONField?)])
    func extract(text: String, path: [String], expected: JSONField?) throws {
        #expect(try JSONFields.extract(paths: [path], from: Array(text.utf8)) == [expected])
        // Other paths in the same pass change nothing.
        #expect(try JSONFields.extract(paths: [["a"], path, ["b"], []], from: Array(text.utf8))[1] == expected)
    }

    @Test("What follows the field is checked as well")
    func wholeDocument() {
        #expect(throws: JSONFailure.trailing(at: 8)) { try JSONFields.extract(paths: [["a"]], from: Array(#"{"a":1} x"#.utf8)) }
    }

    @Test(
        "The elements of an array are told by their place",
        arguments: [
            ("[]", [String]()), (#" [ {"a":[1]} , 2,"x" ] "#, [#"{"a":[1]}"#, "2", #""x""#]), ("[[[]],{}]", ["[[]]", "{}"]), ("{}", nil),
            ("1", nil), (#"{"a":[1]}"#, nil),
        ] as [(String, [String]?)])
    func elements(text: String, expected: [String]?) throws {
        let bytes = Array(text.utf8)
        #expect(try JSONFields.elements(of: bytes)?.map { String(decoding: bytes[$0], as: UTF8.self) } == expected)
    }

    @Test("Extracting agrees with a tree on any mutated document")
    func againstTree() throws {
        let seed = Array(#"{"a":{"b":1,"c":{"a":2,"b":[3,{"a":4}]}},"b":"t\u0061","c":[{"b":5}],"a":{"c":{"b":6}}}"#.utf8)
        let paths = [["a"], ["a", "b"], ["a", "c", "b"], ["b"], ["c", "b"], ["a", "c"]]
        var random = Seeded(7)
        for _ in 0..<Fuzz.cases / 4 {
            let bytes = Fuzz.mutate(seed, with: &random)
            guard let found = try? JSONFields.extract(paths: paths, from: bytes), let tree = try? JSONValue(parsing: bytes) else {
                continue
            }
            for (path, field) in zip(paths, found) {
                let expected = path.reduce(Optional(tree)) { $0?[$1] }
                let actual: JSONValue? = try field.map {
                    switch $0 {
                    case .null: .null
                    case .bool(let value): .bool(value)
                    case .number(let digits): .number(digits)
                    case .string(let text): .string(text)
                    case .object(let range), .array(let range): try JSONValue(parsing: Array(bytes[range]))
                    }
                }
                #expect(actual == expected, "\(path) in \(String(decoding: bytes, as: UTF8.self))")
            }
        }
    }
}

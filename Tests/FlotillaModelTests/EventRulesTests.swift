// SPDX-License-Identifier: Apache-2.0

import FlotillaModel
import Testing

/// One attribute of an otherwise sound event, and the rule that it breaks; nil when it breaks none.
struct RuleCase: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var change: @Sendable (inout Attributes) -> Void
    var broken: InvalidEvent?

    init(_ name: String, _ broken: InvalidEvent?, _ change: @escaping @Sendable (inout Attributes) -> Void) {
        testDescription = name
        self.broken = broken
        self.change = change
    }

    struct Attributes {
        var id = "1"
        var source = "/hooks/github"
        var type = "github.push"
        var subject: String?
        var contentType: String?
        var schema: String?
        var extensions: [String: String] = [:]

        func event() throws(InvalidEvent) -> Event {
            try Event(
                id: id, source: source, type: type, subject: subject, dataContentType: contentType, dataSchema: schema,
                extensions: extensions)
        }
    }

    private static func text(_ count: Int) -> String { String(repeating: "x", count: count) }

    static let attributes: [RuleCase] = [
        RuleCase("nothing but what must be there", nil) { _ in },
        RuleCase("an empty id", .missing("id")) { $0.id = "" },
        RuleCase("an id of 4096 bytes", nil) { $0.id = text(4096) },
        RuleCase("an id of 4097 bytes", .tooLong("id", limit: 4096)) { $0.id = text(4097) },
        RuleCase("an id of 4098 bytes in 2049 characters", .tooLong("id", limit: 4096)) { $0.id = String(repeating: "é", count: 2049) },
        RuleCase("a line break in the id", .control("id")) { $0.id = "a\nb" },
        RuleCase("a zero byte in the id", .control("id")) { $0.id = "a\u{0}b" },
        RuleCase("DEL in the id", .control("id")) { $0.id = "a\u{7F}b" },
        RuleCase("spaces, signs and letters of any script in the id", nil) { $0.id = "a b=\"é\" 語 \u{301}" },
        RuleCase("an empty source", .missing("source")) { $0.source = "" },
        RuleCase("a source with a space", .notAReference("source")) { $0.source = "/hooks/a b" },
        RuleCase("a source with brackets", .notAReference("source")) { $0.source = "<urn:x>" },
        RuleCase("an absolute source", nil) { $0.source = "https://example.com/a?b=c#d" },
        RuleCase("an empty type", .missing("type")) { $0.type = "" },
        RuleCase("a type of 255 bytes", nil) { $0.type = text(255) },
        RuleCase("a type of 256 bytes", .tooLong("type", limit: 255)) { $0.type = text(256) },
        RuleCase("an empty subject", .missing("subject")) { $0.subject = "" },
        RuleCase("a long subject", .tooLong("subject", limit: 4096)) { $0.subject = text(4097) },
        RuleCase("an empty content type", .missing("datacontenttype")) { $0.contentType = "" },
        RuleCase("a long content type", .tooLong("datacontenttype", limit: 255)) { $0.contentType = text(256) },
        RuleCase("a schema that is no reference", .notAReference("dataschema")) { $0.schema = "a b" },
        RuleCase("a schema", nil) { $0.schema = "https://example.com/schema.json" },
    ]

    static let extensions: [RuleCase] = [
        RuleCase("an extension", nil) { $0.extensions = ["tenant": "t1"] },
        RuleCase("an extension that is empty", nil) { $0.extensions = ["tenant": ""] },
        RuleCase("an extension with a name of digits", nil) { $0.extensions = ["0": "x"] },
        RuleCase("an extension without a name", .extensionName) { $0.extensions = ["": "x"] },
        RuleCase("an upper-case name", .extensionName) { $0.extensions = ["Tenant": "x"] },
        RuleCase("a name with a dash", .extensionName) { $0.extensions = ["trace-parent": "x"] },
        RuleCase("a name with an equals sign", .extensionName) { $0.extensions = ["a=b": "x"] },
        RuleCase("a name of 64 bytes", nil) { $0.extensions = [text(64): "x"] },
        RuleCase("a name of 65 bytes", .extensionName) { $0.extensions = [text(65): "x"] },
        RuleCase("a value of 4097 bytes", .tooLong("tenant", limit: 4096)) { $0.extensions = ["tenant": text(4097)] },
        RuleCase("a value with a line break", .control("tenant")) { $0.extensions = ["tenant": "a\nb"] },
        RuleCase("64 extensions", nil) { event in for n in 0..<64 { event.extensions["e\(n)"] = "x" } },
        RuleCase("65 extensions", .tooManyExtensions(limit: 64)) { event in for n in 0..<65 { event.extensions["e\(n)"] = "x" } },
    ]
}

struct EventRulesTests {
    @Test(arguments: RuleCase.attributes + RuleCase.extensions)
    func `an event keeps the rules of CloudEvents, and the first one broken is named`(_ row: RuleCase) {
        var attributes = RuleCase.Attributes()
        row.change(&attributes)
        do throws(InvalidEvent) {
            let event = try attributes.event()
            #expect(row.broken == nil)
            #expect(event.id == attributes.id && event.extensions == attributes.extensions)
        } catch {
            #expect(error == row.broken)
        }
    }

    @Test(arguments: [
        "id", "source", "type", "time", "subject", "datacontenttype", "dataschema", "specversion", "data",
    ])
    func `an attribute's own name is no extension`(_ name: String) {
        #expect(throws: InvalidEvent.extensionName) { try Event(id: "1", source: "/s", type: "t", extensions: [name: "x"]) }
    }

    @Test func `what is told of a broken rule never holds the value`() {
        let secret = "s3cret value\n"
        for change in [{ $0.id = secret }, { $0.source = secret }, { $0.extensions = ["tenant": secret] }]
            as [(inout RuleCase.Attributes) -> Void]
        {
            var attributes = RuleCase.Attributes()
            change(&attributes)
            do throws(InvalidEvent) {
                _ = try attributes.event()
                Issue.record("taken")
            } catch {
                #expect(!error.description.contains("s3cret"))
            }
        }
    }
}

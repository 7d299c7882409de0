// SPDX-License-Identifier: Apache-2.0

import FlotillaModel
import TestSupport
import Testing

struct TopicCase: Sendable, CustomTestStringConvertible {
    let pattern: String
    let type: String
    let matches: Bool

    var testDescription: String { "\(pattern) \(matches ? "matches" : "does not match") '\(type)'" }

    init(_ pattern: String, _ type: String, _ matches: Bool) {
        self.pattern = pattern
        self.type = type
        self.matches = matches
    }

    static let table: [TopicCase] = [
        TopicCase("a", "a", true), TopicCase("a", "b", false), TopicCase("a", "a.b", false), TopicCase("a.b", "a.b", true),
        TopicCase("a.b", "a", false), TopicCase("ab", "a.b", false), TopicCase("a", "A", false), TopicCase("a", "", false),
        // `*` is exactly one word, and an empty word is a word.
        TopicCase("*", "a", true), TopicCase("*", "", true), TopicCase("*", "a.b", false), TopicCase("*.b", "a.b", true),
        TopicCase("*.b", ".b", true), TopicCase("*.b", "b", false), TopicCase("a.*", "a", false), TopicCase("a.*", "a.", true),
        TopicCase("a.*.c", "a.b.c", true), TopicCase("a.*.c", "a..c", true), TopicCase("a.*.c", "a.c", false),
        TopicCase("*.*", "a.b", true), TopicCase("*.*", "a", false), TopicCase("*.*", ".", true),
        // `#` is any number of words, none included.
        TopicCase("#", "", true), TopicCase("#", "a", true), TopicCase("#", "a.b.c", true), TopicCase("#", "..", true),
        TopicCase("a.#", "a", true), TopicCase("a.#", "a.", true), TopicCase("a.#", "a.b.c", true), TopicCase("a.#", "ab", false),
        TopicCase("a.#", "b.a", false), TopicCase("#.a", "a", true), TopicCase("#.a", "b.c.a", true), TopicCase("#.a", "a.b", false),
        TopicCase("a.#.c", "a.c", true), TopicCase("a.#.c", "a.b.b.c", true), TopicCase("a.#.c", "a.c.d", false),
        TopicCase("a.#.c", "a", false), TopicCase("#.b.#", "a.b.c", true), TopicCase("#.b.#", "b", true), TopicCase("#.b.#", "a.c", false),
        TopicCase("#.#", "", true), TopicCase("#.#", "a.b", true), TopicCase("#.#.a.#", "a", true), TopicCase("#.#.a.#", "b", false),
        TopicCase("#.a.#.b.#", "a.b", true), TopicCase("#.a.#.b.#", "x.a.y.b.z", true), TopicCase("#.a.#.b.#", "b.a", false),
        // Both together: at least so many words.
        TopicCase("*.#", "a", true), TopicCase("*.#", "", true), TopicCase("#.*", "a.b", true), TopicCase("#.*.*", "a", false),
        TopicCase("#.*.*", "a.b.c", true), TopicCase("*.#.*", "a", false), TopicCase("*.#.*", "a.b", true),
        // Words that are empty in the pattern.
        TopicCase("a..b", "a..b", true), TopicCase("a..b", "a.b", false), TopicCase(".a", ".a", true), TopicCase(".a", "a", false),
        TopicCase("a.", "a.", true), TopicCase("a.", "a", false), TopicCase(".", ".", true), TopicCase(".", "", false),
        // A type is bytes, as on a broker: a combining mark does not swallow the dot before it, and no two spellings are one.
        TopicCase("a.*", "a.\u{301}b", true), TopicCase("a.\u{301}b", "a.\u{301}b", true), TopicCase("a.é", "a.e\u{301}", false),
    ]
}

struct TopicPatternTests {
    @Test(arguments: TopicCase.table)
    func `a pattern matches as AMQP's topics do`(_ row: TopicCase) throws {
        #expect(try #require(TopicPattern(row.pattern)).matches(row.type) == row.matches)
    }

    @Test(arguments: ["", "a*", "*a", "a#.b", "##", "a.**", "a b", "a.\tb", "a.b\n", String(repeating: "a", count: 256)])
    func `what no binding can be is refused`(_ text: String) {
        #expect(TopicPattern(text) == nil)
    }

    @Test func `a pattern of 255 bytes is taken, and told as it was given`() {
        let text = String(repeating: "a", count: 255)
        #expect(TopicPattern(text)?.text == text)
        #expect(TopicPattern("a.#")?.description == "a.#")
    }

    @Test func `many signs of any number of words do not multiply the time`() throws {
        // 127 times `#` against 500 words that fail at the very end: a search that tries every way would not end in our lives.
        let pattern = try #require(TopicPattern((0..<126).map { _ in "#" }.joined(separator: ".") + ".b"))
        let type = (0..<500).map { _ in "a" }.joined(separator: ".")
        let took = ContinuousClock().measure {
            #expect(!pattern.matches(type))
            #expect(pattern.matches(type + ".b"))
        }
        #expect(took < .seconds(1))
    }

    @Test func `it agrees with a plain search on random patterns and types`() throws {
        var random = Seeded(11)
        for _ in 0..<20_000 {
            let pattern = Self.words(["a", "b", "*", "#", "#", ""], 1...6, &random)
            let type = Self.words(["a", "b", "c", ""], 1...7, &random)
            guard let topic = TopicPattern(pattern.joined(separator: ".")) else { continue }
            #expect(
                topic.matches(type.joined(separator: ".")) == Self.search(pattern[...], type[...]),
                "\(topic) and '\(type.joined(separator: "."))'")
        }
    }

    private static func words(_ choice: [String], _ count: ClosedRange<Int>, _ random: inout Seeded) -> [String] {
        (0..<Int.random(in: count, using: &random)).map { _ in choice.randomElement(using: &random) ?? "a" }
    }

    /// The meaning of a pattern, word by word.
    private static func search(_ pattern: ArraySlice<String>, _ type: ArraySlice<String>) -> Bool {
        guard let first = pattern.first else { return type.isEmpty }
        if first == "#" {
            return search(pattern.dropFirst(), type) || (!type.isEmpty && search(pattern, type.dropFirst()))
        }
        guard let word = type.first, first == "*" || first == word else { return false }
        return search(pattern.dropFirst(), type.dropFirst())
    }
}

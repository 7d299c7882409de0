// SPDX-License-Identifier: Apache-2.0

/// A binding as AMQP topics have them: words between dots, `*` for exactly one word, `#` for any number, none included.
public struct TopicPattern: Sendable, Hashable, CustomStringConvertible {
    public let text: String
    private let words: [Substring]

    /// Nil for an empty pattern, one longer than a routing key (255 bytes), or one with a wildcard inside a word.
    public init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= 255 else { return nil }
        let words = text.split(separator: ".", omittingEmptySubsequences: false)
        let sound = words.allSatisfy { $0 == "*" || $0 == "#" || !$0.contains { $0 == "*" || $0 == "#" || $0.isWhitespace } }
        guard sound else { return nil }
        self.text = text
        self.words = words
    }

    public var description: String { text }

    /// Takes time in the product of both lengths at worst, however many `#` the pattern has.
    public func matches(_ type: String) -> Bool {
        // reached[i]: the first i words of the pattern match the words of the type read so far.
        var reached = [Bool](repeating: false, count: words.count + 1)
        reached[0] = true
        for (index, word) in words.enumerated() where word == "#" && reached[index] { reached[index + 1] = true }
        for part in type.split(separator: ".", omittingEmptySubsequences: false) {
            var next = [Bool](repeating: false, count: words.count + 1)
            for (index, word) in words.enumerated() {
                if word == "#" {
                    next[index + 1] = next[index] || reached[index + 1] || reached[index]
                } else if reached[index], word == "*" || word == part {
                    next[index + 1] = true
                }
            }
            reached = next
        }
        return reached[words.count]
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A binding as AMQP topics have them: words between dots, `*` for exactly one word, `#` for any number, none included.
/// Words are bytes, as on a broker: a letter and its mark in two spellings are two words.
public struct TopicPattern: Sendable, Hashable, CustomStringConvertible {
    public let text: String
    private let words: [[UInt8]]

    private static let dot = UInt8(ascii: ".")
    private static let one = [UInt8(ascii: "*")]
    private static let any = [UInt8(ascii: "#")]

    /// Nil for an empty pattern, one longer than a routing key (255 bytes), or one with a wildcard inside a word.
    public init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= 255, !text.unicodeScalars.contains(where: \.properties.isWhitespace) else { return nil }
        words = text.utf8.split(separator: Self.dot, omittingEmptySubsequences: false).map(Array.init)
        let sound = words.allSatisfy { $0 == Self.one || $0 == Self.any || (!$0.contains(Self.one[0]) && !$0.contains(Self.any[0])) }
        guard sound else { return nil }
        self.text = text
    }

    public var description: String { text }

    /// Takes time in the product of both lengths at worst, however many `#` the pattern has.
    public func matches(_ type: String) -> Bool {
        // reached[i]: the first i words of the pattern match the words of the type read so far.
        var reached = [Bool](repeating: false, count: words.count + 1)
        reached[0] = true
        for (index, word) in words.enumerated() where word == Self.any && reached[index] { reached[index + 1] = true }
        for part in type.utf8.split(separator: Self.dot, omittingEmptySubsequences: false) {
            var next = [Bool](repeating: false, count: words.count + 1)
            for (index, word) in words.enumerated() {
                if word == Self.any {
                    next[index + 1] = next[index] || reached[index + 1] || reached[index]
                } else if reached[index], word == Self.one || word.elementsEqual(part) {
                    next[index + 1] = true
                }
            }
            reached = next
        }
        return reached[words.count]
    }
}

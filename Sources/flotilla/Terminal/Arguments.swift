// SPDX-License-Identifier: Apache-2.0

/// The words of a command line, taken one by one by the command that knows them. What is left over at the end is a mistake.
struct Arguments {
    private var words: [String]

    init(_ words: [String]) {
        // `--name=value` is `--name value`.
        self.words = words.flatMap { word -> [String] in
            guard word.hasPrefix("--"), let mark = word.firstIndex(of: "=") else { return [word] }
            return [String(word[..<mark]), String(word[mark...].dropFirst())]
        }
    }

    mutating func flag(_ name: String) -> Bool {
        guard let place = words.firstIndex(of: name) else { return false }
        words.remove(at: place)
        return true
    }

    mutating func option(_ name: String) throws -> String? {
        guard let place = words.firstIndex(of: name) else { return nil }
        guard place + 1 < words.count else { throw WrongUsage("\(name) needs a value") }
        let value = words[place + 1]
        words.removeSubrange(place...place + 1)
        return value
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = try option(name) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw WrongUsage("\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// The next word that is not an option. Options are taken before.
    mutating func word() -> String? {
        guard let first = words.first, !first.hasPrefix("--") else { return nil }
        return words.removeFirst()
    }

    mutating func word(_ what: String) throws -> String {
        guard let word = word() else { throw WrongUsage("\(what) is missing") }
        return word
    }

    func finish() throws {
        if let rest = words.first { throw WrongUsage("\(rest) is not understood here") }
    }
}

/// The command was used wrongly: it is said in one line, and the exit status is 2.
struct WrongUsage: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

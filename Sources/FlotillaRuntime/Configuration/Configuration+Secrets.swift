// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

extension Configuration {
    /// One secret or several, newest first (rotation): separated by spaces, or a JSON array of strings when one of them holds a space.
    package mutating func secrets(_ name: String) -> [Secret] {
        guard let text = value(name) else { return [] }
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.first?.hasPrefix("[") == true else { return words.map { Secret(String($0)) } }
        guard let elements = (try? JSONValue(parsing: text))?.array else {
            // A secret that merely begins with a bracket is one word.
            if words.count == 1 { return [Secret(text)] }
            fault(name, "must be secrets separated by spaces, or a JSON array of strings")
            return []
        }
        let secrets = elements.compactMap(\.string).filter { !$0.isEmpty }
        if secrets.count != elements.count || secrets.isEmpty {
            fault(name, "must be a JSON array of strings that are not empty")
        }
        return secrets.map { Secret($0) }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Header fields in the order they came. Names compare without case; values are the trimmed bytes as text.
/// Repeated fields stay apart: what must be single is asked for with `only`, so that a repetition can be refused.
package struct Headers: Sendable, Equatable {
    package var fields: [(name: String, value: String)]

    package init(_ fields: [(name: String, value: String)] = []) {
        self.fields = fields
    }

    /// The first value of a field.
    package subscript(name: String) -> String? {
        for field in fields where Headers.same(field.name, name) { return field.value }
        return nil
    }

    package func all(_ name: String) -> [String] {
        fields.filter { Headers.same($0.name, name) }.map(\.value)
    }

    package mutating func add(_ name: String, _ value: String) {
        fields.append((name, value))
    }

    package static func == (left: Headers, right: Headers) -> Bool {
        left.fields.elementsEqual(right.fields) { $0.name == $1.name && $0.value == $1.value }
    }

    /// ASCII comparison without case, without making new strings.
    package static func same(_ left: String, _ right: String) -> Bool {
        let a = left.utf8
        let b = right.utf8
        guard a.count == b.count else { return false }
        return zip(a, b).allSatisfy { $0 == $1 || ($0 | 0x20 == $1 | 0x20 && (0x61...0x7A).contains($0 | 0x20)) }
    }
}

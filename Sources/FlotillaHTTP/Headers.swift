// SPDX-License-Identifier: Apache-2.0

/// Header fields in the order they came. Names compare without case; values are the trimmed bytes as text.
/// Repeated fields stay apart: what must be single is asked for with `only`, so that a repetition can be refused.
package struct Headers: Sendable, Equatable {
    package var fields: [(name: String, value: String)]

    package init(_ fields: [(name: String, value: String)] = []) {
        self.fields = fields
    }

    /// The first value of a field.
    package subscript(name: String) -> String? { place(of: name).map { fields[$0].value } }

    /// Where the first field of that name stands, or the first behind a place. The other fields are only looked at: no copy of them is made.
    package func place(of name: String, behind start: Int = -1) -> Int? {
        fields.withUnsafeBufferPointer { fields in
            var place = start + 1
            while place < fields.count {
                if Headers.same(fields[place].name, name) { return place }
                place += 1
            }
            return nil
        }
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

    /// ASCII comparison without case, without making new strings. On every path of a request, hence byte by byte.
    package static func same(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        let verdict = left.utf8.withContiguousStorageIfAvailable { a in
            right.utf8.withContiguousStorageIfAvailable { b in a.indices.allSatisfy { sameLetter(a[$0], b[$0]) } }
        }
        return (verdict ?? nil) ?? zip(left.utf8, right.utf8).allSatisfy(sameLetter)
    }

    private static func sameLetter(_ a: UInt8, _ b: UInt8) -> Bool {
        a == b || (a | 0x20 == b | 0x20 && (0x61...0x7A).contains(a | 0x20))
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// How common libraries write JSON: blanks, indentation, and which letters they escape.
struct JSONStyle {
    let name: String
    var separator = ","
    var colon = ":"
    var indent = 0
    var escapesUnicode = false
    var escapesSlashes = false

    static let all = [
        JSONStyle(name: "it was compact"),
        JSONStyle(name: "it was compact, its letters escaped", escapesUnicode: true),
        JSONStyle(name: "it was compact, its slashes escaped", escapesSlashes: true),
        JSONStyle(name: "it was compact, its letters and slashes escaped", escapesUnicode: true, escapesSlashes: true),
        JSONStyle(name: "it had blanks behind commas", separator: ", ", colon: ": "),
        JSONStyle(name: "it had blanks behind commas, its letters escaped", separator: ", ", colon: ": ", escapesUnicode: true),
        JSONStyle(name: "it was indented by two", colon: ": ", indent: 2),
        JSONStyle(name: "it was indented by four", colon: ": ", indent: 4),
    ]

    func write(_ value: JSONValue) -> [UInt8] {
        var out: [UInt8] = []
        write(value, depth: 0, to: &out)
        return out
    }

    /// As deep as the reader let it be.
    private func write(_ value: JSONValue, depth: Int, to out: inout [UInt8]) {
        switch value {
        case .string(let text): write(text, to: &out)
        case .array(let elements):
            list("[", "]", elements, depth, &out) { element, out in write(element, depth: depth + 1, to: &out) }
        case .object(let members):
            list("{", "}", members, depth, &out) { member, out in
                write(member.name, to: &out)
                out += colon.utf8
                write(member.value, depth: depth + 1, to: &out)
            }
        default: out += value.encoded
        }
    }

    private func list<Element>(
        _ begin: String, _ end: String, _ elements: [Element], _ depth: Int, _ out: inout [UInt8], _ each: (Element, inout [UInt8]) -> Void
    ) {
        out += begin.utf8
        for (index, element) in elements.enumerated() {
            if index > 0 { out += separator.utf8 }
            line(depth + 1, &out)
            each(element, &out)
        }
        if !elements.isEmpty { line(depth, &out) }
        out += end.utf8
    }

    private func line(_ depth: Int, _ out: inout [UInt8]) {
        guard indent > 0 else { return }
        out.append(UInt8(ascii: "\n"))
        out += repeatElement(UInt8(ascii: " "), count: depth * indent)
    }

    private func write(_ text: String, to out: inout [UInt8]) {
        guard !escapesUnicode || text.utf8.allSatisfy({ $0 < 0x80 }) else { return escaped(text, to: &out) }
        let plain = JSONValue.string(text).encoded
        out += escapesSlashes ? plain.flatMap { $0 == UInt8(ascii: "/") ? Array("\\/".utf8) : [$0] } : plain
    }

    private func escaped(_ text: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for unit in text.utf16 {
            if let ascii = UInt8(exactly: unit), ascii < 0x80 {
                let plain = JSONValue.string(String(UnicodeScalar(ascii))).encoded.dropFirst().dropLast()
                out += escapesSlashes && ascii == UInt8(ascii: "/") ? Array("\\/".utf8)[...] : plain
            } else {
                let digits = String(unit, radix: 16)
                out += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A string or key that a scanner found: where it stands between its quotes, decoded only when somebody asks.
package struct JSONText: Equatable {
    package let range: Range<Int>
    package let isEscaped: Bool

    package func string(in bytes: UnsafeBufferPointer<UInt8>) -> String {
        let raw = bytes[range]
        return isEscaped ? String(decoding: unescaped(raw), as: UTF8.self) : String(decoding: raw, as: UTF8.self)
    }

    package func equals(_ wanted: String, in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let wanted = wanted.utf8
        guard isEscaped else { return range.count == wanted.count && bytes[range].elementsEqual(wanted) }
        // An escape takes up to six bytes for one: a long key need not be decoded to be another one.
        guard (wanted.count...wanted.count * 6).contains(range.count) else { return false }
        return unescaped(bytes[range]).elementsEqual(wanted)
    }

    /// The scanner has seen that every escape is whole.
    private func unescaped(_ raw: Slice<UnsafeBufferPointer<UInt8>>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(raw.count)
        var rest = raw
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let letter = rest.popFirst() else {
                out.append(byte)
                continue
            }
            switch letter {
            case UInt8(ascii: "b"): out.append(0x08)
            case UInt8(ascii: "f"): out.append(0x0C)
            case UInt8(ascii: "n"): out.append(0x0A)
            case UInt8(ascii: "r"): out.append(0x0D)
            case UInt8(ascii: "t"): out.append(0x09)
            case UInt8(ascii: "u"): out.append(contentsOf: UTF8.encode(Self.scalar(&rest)) ?? UTF8.encodedReplacementCharacter)
            default: out.append(letter)
            }
        }
        return out
    }

    private static func scalar(_ rest: inout Slice<UnsafeBufferPointer<UInt8>>) -> Unicode.Scalar {
        let replacement: Unicode.Scalar = "\u{FFFD}"
        let unit = Hex.number(rest.prefix(4))
        rest = rest.dropFirst(4)
        guard (0xD800...0xDBFF).contains(unit) else { return Unicode.Scalar(unit) ?? replacement }
        guard rest.count >= 6, rest.starts(with: "\\u".utf8) else { return replacement }
        let low = Hex.number(rest.dropFirst(2).prefix(4))
        guard (0xDC00...0xDFFF).contains(low) else { return replacement }
        rest = rest.dropFirst(6)
        return Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)) ?? replacement
    }
}

enum Hex {
    static func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    static func number(_ digits: some Sequence<UInt8>) -> UInt32 {
        digits.reduce(0) { $0 << 4 | (value($1) ?? 0) }
    }
}

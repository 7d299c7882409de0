// SPDX-License-Identifier: Apache-2.0

/// The character classes of RFC 9110 and 3986, as switches: the compiler makes one bit test of each.
extension UInt8 {
    static let cr: UInt8 = 0x0D
    static let lf: UInt8 = 0x0A
    static let tab: UInt8 = 0x09
    static let space: UInt8 = 0x20
    static let colon: UInt8 = 0x3A
    static let slash: UInt8 = 0x2F

    var isDigit: Bool { self >= 0x30 && self <= 0x39 }

    var isLetter: Bool { self | 0x20 >= 0x61 && self | 0x20 <= 0x7A }

    /// tchar: what header names and extension names are made of.
    var isToken: Bool {
        switch self {
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"),
            UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"),
            UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: isLetter || isDigit
        }
    }

    /// unreserved, sub-delims and `%`: what a registered name of a host is made of.
    var isHostName: Bool {
        switch self {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "%"), UInt8(ascii: "!"),
            UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"),
            UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="):
            true
        default: isLetter || isDigit
        }
    }

    /// What a path and a query are made of; `[` and `]` besides, which many senders leave bare in a query.
    var isTarget: Bool {
        switch self {
        case .slash, .colon, UInt8(ascii: "?"), UInt8(ascii: "@"), UInt8(ascii: "["), UInt8(ascii: "]"): true
        default: isHostName
        }
    }

    var hexValue: UInt64? {
        switch self {
        case 0x30...0x39: UInt64(self &- 0x30)
        case 0x41...0x46: UInt64(self &- 0x37)
        case 0x61...0x66: UInt64(self &- 0x57)
        default: nil
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Without case; `word` is lower case.
    func isWord(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        let other = UnsafeRawBufferPointer(start: word.utf8Start, count: count)
        for index in 0..<count where self[index] != other[index] {
            guard self[index].isLetter, self[index] | 0x20 == other[index] else { return false }
        }
        return true
    }

    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self[range]) }

    var trimmedOfSpaces: UnsafeRawBufferPointer {
        var first = 0
        var end = count
        while first < end, self[first] == .space { first += 1 }
        while end > first, self[end - 1] == .space { end -= 1 }
        return part(first..<end)
    }

    /// Without the spaces and tabs at both ends.
    var trimmed: UnsafeRawBufferPointer {
        var first = 0
        var end = count
        while first < end, self[first] == .space || self[first] == .tab { first += 1 }
        while end > first, self[end - 1] == .space || self[end - 1] == .tab { end -= 1 }
        return part(first..<end)
    }
}

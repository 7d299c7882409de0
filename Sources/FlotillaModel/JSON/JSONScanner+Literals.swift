// SPDX-License-Identifier: Apache-2.0

extension JSONScanner {
    /// Reads a string, from its opening quote past its closing one.
    mutating func text() throws(JSONFailure) -> JSONText {
        position += 1
        let first = position
        var escaped = false
        while true {
            skipPlain()
            guard position < bytes.count else { throw .endsTooEarly }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return JSONText(range: first..<position - 1, isEscaped: escaped)
            case UInt8(ascii: "\\"):
                escaped = true
                try escape()
            case 0..<0x20: throw .control(at: position)
            case 0x80...: try sequence()
            default: position += 1
            }
        }
    }

    /// Passes over ASCII that is neither a quote, nor a backslash, nor a control character: eight bytes at once, which is what
    /// makes large bodies cheap. The rest of fewer than eight is left to the caller.
    private mutating func skipPlain() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let raw = UnsafeRawBufferPointer(bytes)
        while position + 8 <= raw.count {
            let word = raw.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            let quote = word ^ (ones &* 0x22)
            let slash = word ^ (ones &* 0x5C)
            // A byte's high bit is set where a subtraction borrowed: below 0x20, or equal to the wanted character. A borrow may
            // mark a neighbour as well, never hide one; so a mark only means that the bytes are looked at one by one.
            let marks = (word &- ones &* 0x20) | (quote &- ones) | (slash &- ones) | word
            guard marks & highs == 0 else { return }
            position += 8
        }
    }

    private mutating func escape() throws(JSONFailure) {
        let place = position
        guard position + 1 < bytes.count else { throw .endsTooEarly }
        position += 2
        switch bytes[position - 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            return
        case UInt8(ascii: "u"):
            guard position + 4 <= bytes.count else { throw .endsTooEarly }
            for byte in bytes[position..<position + 4] where Hex.value(byte) == nil { throw .escape(at: place) }
            position += 4
        default: throw .escape(at: place)
        }
    }

    /// One character of two to four bytes, by the table of well-formed sequences in the Unicode standard: nothing overlong, no
    /// surrogates, nothing above U+10FFFF.
    private mutating func sequence() throws(JSONFailure) {
        let (length, second): (Int, ClosedRange<UInt8>)
        switch bytes[position] {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw .notUTF8(at: position)
        }
        guard position + length <= bytes.count, second.contains(bytes[position + 1]) else { throw .notUTF8(at: position) }
        for offset in 2..<max(2, length) where bytes[position + offset] & 0xC0 != 0x80 { throw .notUTF8(at: position) }
        position += length
    }

    mutating func number() throws(JSONFailure) {
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        if position < bytes.count, bytes[position] == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits()
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
    }

    private mutating func digits() throws(JSONFailure) {
        let first = position
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
        guard position > first else {
            throw position == bytes.count ? .endsTooEarly : .number(at: start)
        }
    }
}

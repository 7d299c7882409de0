// SPDX-License-Identifier: Apache-2.0

/// A body of `application/x-www-form-urlencoded`, as HTML forms write it.
enum FormBody {
    static func isDeclared(by contentType: String?) -> Bool {
        guard let contentType else { return false }
        let media = contentType.utf8.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") }
        return media.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }.elementsEqual("application/x-www-form-urlencoded".utf8)
    }

    /// The decoded bytes of the one field of that name; nil where there is none, or several, or its escapes are broken.
    static func field(_ name: String, of body: [UInt8]) -> [UInt8]? {
        var found: ArraySlice<UInt8>?
        for pair in body.split(separator: UInt8(ascii: "&")) {
            let key = pair.prefix { $0 != UInt8(ascii: "=") }
            guard key.elementsEqual(name.utf8) else { continue }
            guard found == nil else { return nil }
            found = pair.dropFirst(key.count + 1)
        }
        return found.flatMap(decode)
    }

    private static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var place = text.startIndex
        while place < text.endIndex {
            switch text[place] {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard place + 2 < text.endIndex, let high = hex(text[place + 1]), let low = hex(text[place + 2]) else { return nil }
                bytes.append(high << 4 | low)
                place += 2
            case let plain: bytes.append(plain)
            }
            place += 1
        }
        return bytes
    }

    private static func hex(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46, 0x61...0x66: (digit | 0x20) - 0x61 + 10
        default: nil
        }
    }
}

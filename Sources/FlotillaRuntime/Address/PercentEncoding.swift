// SPDX-License-Identifier: Apache-2.0

/// The escapes of URIs, forms and CloudEvents' headers: `%` and two hexadecimal digits of either case.
package enum PercentEncoding {
    /// Nil where an escape is broken. In forms a plus sign is a space.
    ///
    /// Inlinable, as the bodies of forms pass through it byte by byte.
    @inlinable package static func decode(_ text: some Collection<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(value), let low = rest.popFirst().flatMap(value) else { return nil }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return bytes
    }

    /// Nil also where it is not UTF-8.
    package static func text(_ encoded: Substring) -> String? {
        decode(encoded.utf8).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// Undoes the escapes of the bytes that are wanted and leaves all others as they are, broken ones too.
    package static func undo(in text: String, where isWanted: (UInt8) -> Bool) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let escaped = decode([byte] + rest.prefix(2))?.first, isWanted(escaped) {
                bytes.append(escaped)
                rest.removeFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @usableFromInline static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46, 0x61...0x66: (digit | 0x20) - 0x61 + 10
        default: nil
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The fleet's names for what happened: `{vendor}.{the vendor's own event type}`, in letters that every broker takes.
enum EventType {
    static let limit = 255

    static func unknown(of vendor: String) -> String { name(of: vendor, ["unknown"]) }

    /// Lower case; `:` `/` and spaces become dots, anything else outside a-z 0-9 `_` `-` `.` an underscore. What is longer than
    /// 255 bytes is cut there: routes go by the first words, and the sender's own type is still in the data.
    static func name(of vendor: String, _ words: [String]) -> String {
        var name: [UInt8] = []
        name.reserveCapacity(64)
        for word in [vendor] + words {
            if !name.isEmpty { name.append(UInt8(ascii: ".")) }
            // A character of several bytes is one underscore, written for the first of them.
            for byte in word.utf8 where !(0x80...0xBF).contains(byte) { name.append(letter(for: byte)) }
        }
        return String(decoding: name.prefix(limit), as: UTF8.self)
    }

    private static func letter(for byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
        case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): byte
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
        case UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: " "): UInt8(ascii: ".")
        default: UInt8(ascii: "_")
        }
    }
}

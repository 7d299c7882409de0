// SPDX-License-Identifier: Apache-2.0

/// Writes compact JSON to the end of an array of bytes. Commas are its own business; that begins and ends match is the caller's,
/// which the closure forms of `object` and `array` see to.
package struct JSONWriter {
    package private(set) var bytes: [UInt8]
    /// True after a whole value: what comes next is set apart by a comma.
    private var afterValue = false

    package init(appendingTo bytes: [UInt8] = []) {
        self.bytes = bytes
    }

    package init(capacity: Int) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    // MARK: Structure

    @inlinable package mutating func object<Failure: Error>(_ body: (inout JSONWriter) throws(Failure) -> Void) throws(Failure) {
        beginObject()
        try body(&self)
        endObject()
    }

    @inlinable package mutating func array<Failure: Error>(_ body: (inout JSONWriter) throws(Failure) -> Void) throws(Failure) {
        beginArray()
        try body(&self)
        endArray()
    }

    package mutating func beginObject() { begin(UInt8(ascii: "{")) }
    package mutating func endObject() { end(UInt8(ascii: "}")) }
    package mutating func beginArray() { begin(UInt8(ascii: "[")) }
    package mutating func endArray() { end(UInt8(ascii: "]")) }

    package mutating func key(_ name: String) {
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        afterValue = false
    }

    // MARK: Values

    package mutating func string(_ text: String) {
        separate()
        quote(text)
    }

    /// Inlinable: unspecialized it costs more than all the rest of an answer.
    @inlinable package mutating func integer(_ value: some BinaryInteger) { number(String(value)) }

    @usableFromInline mutating func number(_ digits: String) { raw(digits.utf8) }

    /// What JSON can't say (infinity, not a number) becomes null.
    package mutating func double(_ value: Double) {
        if value.isFinite { raw(value.description.utf8) } else { null() }
    }

    package mutating func bool(_ value: Bool) { raw((value ? "true" : "false").utf8) }
    package mutating func null() { raw("null".utf8) }

    /// A value that is JSON already: the caller has checked it.
    package mutating func raw(_ json: some Sequence<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
    }

    /// Between documents: JSON lines.
    package mutating func newline() {
        bytes.append(0x0A)
        afterValue = false
    }

    private mutating func separate() {
        if afterValue { bytes.append(UInt8(ascii: ",")) }
        afterValue = true
    }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        afterValue = false
    }

    private mutating func end(_ bracket: UInt8) {
        bytes.append(bracket)
        afterValue = true
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            var plain = 0
            for (index, byte) in utf8.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
                bytes.append(contentsOf: utf8[plain..<index])
                escape(byte)
                plain = index + 1
            }
            bytes.append(contentsOf: utf8[plain...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x22, 0x5C: bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            let digits = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        }
    }
}

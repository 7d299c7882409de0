// SPDX-License-Identifier: Apache-2.0

/// The line before a chunk's data: a size in hexadecimal digits and perhaps extensions, which are checked and dropped.
enum ChunkLine {
    /// Sixteen digits are what a size of 64 bits takes; leading zeros count.
    static let sizeDigits = 16

    static func size(_ line: UnsafeRawBufferPointer) throws(Refusal) -> (size: UInt64, extensionBytes: Int) {
        var size: UInt64 = 0
        var end = 0
        while end < line.count, let digit = line[end].hexValue {
            guard end < sizeDigits else { throw .chunkSize }
            size = size << 4 | digit
            end += 1
        }
        guard end > 0 else { throw .chunkSize }
        guard end < line.count else { return (size, 0) }
        guard line[end] == semicolon else { throw .chunkSize }
        guard isExtension(line.part(end..<line.count)) else { throw .chunkExtension }
        return (size, line.count - end)
    }

    private static let semicolon = UInt8(ascii: ";")
    private static let quote = UInt8(ascii: "\"")

    /// `;name`, `;name=token` or `;name="text"`, repeated, without the white space that the grammar keeps for old senders.
    private static func isExtension(_ text: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        func token() -> Bool {
            let start = index
            while index < text.count, text[index].isToken { index += 1 }
            return index > start
        }
        func quoted() -> Bool {
            index += 1
            while index < text.count, text[index] != quote {
                if text[index] == UInt8(ascii: "\\") { index += 1 }
                index += 1
            }
            index += 1
            return index <= text.count
        }
        while index < text.count {
            guard text[index] == semicolon else { return false }
            index += 1
            guard token() else { return false }
            guard index < text.count, text[index] == UInt8(ascii: "=") else { continue }
            index += 1
            guard index < text.count, text[index] == quote ? quoted() : token() else { return false }
        }
        return true
    }
}

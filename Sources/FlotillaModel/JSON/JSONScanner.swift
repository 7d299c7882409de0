// SPDX-License-Identifier: Apache-2.0

/// Walks through one JSON document (RFC 8259, nothing more lenient) and hands out its tokens one by one, building no tree.
/// It never recurses: what is open is a list with a limit, so that no nesting that a network sends can exhaust a stack.
///
/// Made over bytes that outlive it, inside a `withUnsafeBufferPointer`; ends with the token `.end` or by throwing, and must not
/// be asked again after it threw. An escaped surrogate without its other half is let pass, since senders cut texts in the middle
/// of an emoji, and becomes U+FFFD when the text is decoded. A byte order mark is refused.
package struct JSONScanner {
    package enum Token: Equatable {
        case beginObject, endObject, beginArray, endArray
        case key(JSONText)
        case string(JSONText)
        /// The number's own characters.
        case number(Range<Int>)
        case bool(Bool)
        case null
        case end
    }

    private enum Expected {
        case value, valueOrEnd, key, keyOrEnd, separator, end
    }

    package static let defaultDepth = 512

    let bytes: UnsafeBufferPointer<UInt8>
    /// Where the last token began, and where it ended.
    package private(set) var start = 0
    package internal(set) var position = 0
    /// What is open, from the outside in: true for an object.
    private var open: [Bool] = []
    private var expected = Expected.value
    private let depthLimit: Int

    package init(_ bytes: UnsafeBufferPointer<UInt8>, depthLimit: Int = JSONScanner.defaultDepth) {
        self.bytes = bytes
        self.depthLimit = depthLimit
    }

    /// How many objects and arrays are open.
    package var depth: Int { open.count }

    package mutating func next() throws(JSONFailure) -> Token {
        var byte = skipBlanks()
        if expected == .separator, byte == UInt8(ascii: ",") {
            position += 1
            byte = skipBlanks()
            expected = open.last == true ? .key : .value
        }
        start = position
        switch expected {
        case .end:
            guard byte == nil else { throw .trailing(at: position) }
            return .end
        case .value: return try value(byte)
        case .valueOrEnd: return byte == UInt8(ascii: "]") ? close() : try value(byte)
        case .key: return try key(byte)
        case .keyOrEnd: return byte == UInt8(ascii: "}") ? close() : try key(byte)
        case .separator:
            guard let byte else { throw .endsTooEarly }
            guard byte == (open.last == true ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { throw .unexpected(at: position) }
            return close()
        }
    }

    /// Reads to the end of the value that began with this token.
    package mutating func skip(_ token: Token) throws(JSONFailure) {
        guard token == .beginObject || token == .beginArray else { return }
        let outside = open.count - 1
        while open.count > outside { _ = try next() }
    }

    private mutating func value(_ first: UInt8?) throws(JSONFailure) -> Token {
        guard let first else { throw .endsTooEarly }
        switch first {
        case UInt8(ascii: "{"):
            try begin(object: true)
            return .beginObject
        case UInt8(ascii: "["):
            try begin(object: false)
            return .beginArray
        case UInt8(ascii: "\""):
            let text = try text()
            valueEnded()
            return .string(text)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            try number()
            valueEnded()
            return .number(start..<position)
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw .unexpected(at: position)
        }
    }

    private mutating func key(_ first: UInt8?) throws(JSONFailure) -> Token {
        guard let first else { throw .endsTooEarly }
        guard first == UInt8(ascii: "\"") else { throw .unexpected(at: position) }
        let text = try text()
        guard let colon = skipBlanks() else { throw .endsTooEarly }
        guard colon == UInt8(ascii: ":") else { throw .unexpected(at: position) }
        position += 1
        expected = .value
        return .key(text)
    }

    private mutating func word(_ word: StaticString, _ token: Token) throws(JSONFailure) -> Token {
        for offset in 0..<word.utf8CodeUnitCount {
            guard position < bytes.count else { throw .endsTooEarly }
            guard bytes[position] == word.utf8Start[offset] else { throw .unexpected(at: position) }
            position += 1
        }
        valueEnded()
        return token
    }

    private mutating func begin(object: Bool) throws(JSONFailure) {
        guard open.count < depthLimit else { throw .tooDeep(limit: depthLimit) }
        open.append(object)
        position += 1
        expected = object ? .keyOrEnd : .valueOrEnd
    }

    private mutating func close() -> Token {
        position += 1
        let object = open.removeLast()
        valueEnded()
        return object ? .endObject : .endArray
    }

    private mutating func valueEnded() {
        expected = open.isEmpty ? .end : .separator
    }

    private mutating func skipBlanks() -> UInt8? {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            position += 1
        }
        return nil
    }
}

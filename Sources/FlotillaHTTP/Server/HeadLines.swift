// SPDX-License-Identifier: Apache-2.0

/// The head of one request, line by line. Made for its first line; `finish` says how the body is framed, or why there is none to trust.
struct HeadLines {
    private(set) var head = RequestHead(method: "", target: "")
    private(set) var framing = Framing()
    private var hosts = 0
    private var lengths = 0
    private var encodings = 0
    private var authority: String?
    private var closes = false
    private var keeps = false

    /// What follows a head, and what follows the request.
    struct Framing {
        var isOldVersion = false
        var body = Body.none
        var expectsContinue = false
        var keepsConnection = true

        enum Body: Equatable {
            case none
            case length(UInt64)
            case chunked
        }
    }

    // MARK: Request line

    mutating func requestLine(_ line: UnsafeRawBufferPointer) throws(Refusal) {
        guard let first = line.firstIndex(of: .space), let last = line.lastIndex(of: .space), first < last else { throw .requestLine }
        let method = line.part(0..<first)
        guard !method.isEmpty, method.count <= 32, method.allSatisfy(\.isMethod), !method.isWord("connect") else { throw .method }
        head.method = String(decoding: method, as: UTF8.self)
        head.target = try target(line.part(first + 1..<last))
        try version(line.part(last + 1..<line.count))
    }

    /// A path with a query; `*` for OPTIONS; or a whole URI, as to a proxy, of which the path is kept when its authority is that of Host.
    private mutating func target(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> String {
        guard let first = bytes.first else { throw .target }
        for (index, byte) in bytes.enumerated() {
            guard byte.isTarget else { throw .target }
            guard byte == UInt8(ascii: "%") else { continue }
            guard index + 2 < bytes.count, bytes[index + 1].hexValue != nil, bytes[index + 2].hexValue != nil else { throw .target }
        }
        if first == .slash { return String(decoding: bytes, as: UTF8.self) }
        if bytes.isWord("*"), head.method == "OPTIONS" { return "*" }
        guard let scheme = bytes.firstIndex(of: .colon), bytes.part(0..<scheme).isWord("http") || bytes.part(0..<scheme).isWord("https"),
            bytes.count > scheme + 3, bytes[scheme + 1] == .slash, bytes[scheme + 2] == .slash
        else { throw .target }
        let rest = bytes.part(scheme + 3..<bytes.count)
        let end = rest.firstIndex { $0 == .slash || $0 == UInt8(ascii: "?") } ?? rest.count
        authority = String(decoding: rest.part(0..<end), as: UTF8.self)
        let path = String(decoding: rest.part(end..<rest.count), as: UTF8.self)
        return path.utf8.first == .slash ? path : "/" + path
    }

    private mutating func version(_ bytes: UnsafeRawBufferPointer) throws(Refusal) {
        guard bytes.count == 8, bytes.loadUnaligned(as: UInt64.self) & 0x00FF_FFFF_FFFF_FFFF == Self.versionPrefix else { throw .version }
        switch bytes[7] {
        case 0x31: framing.isOldVersion = false
        case 0x30: framing.isOldVersion = true
        default: throw .version
        }
    }

    /// `HTTP/1.` as it lies in memory.
    private static let versionPrefix = UInt64(littleEndian: 0x002E_312F_5054_5448)

    // MARK: Fields

    mutating func field(_ line: UnsafeRawBufferPointer, limit: Int) throws(Refusal) {
        let (name, raw) = try Self.split(line)
        let value = raw.trimmed
        guard head.headers.fields.count < limit else { throw .tooManyFields }
        // Around the values that frame a request a tab is refused, though the grammar has it: nginx takes it for a part of the value.
        switch name.count {
        case 4 where name.isWord("host"): try host(raw.trimmedOfSpaces)
        case 6 where name.isWord("expect"): try expect(value)
        case 10 where name.isWord("connection"): connection(value)
        case 14 where name.isWord("content-length"): try length(raw.trimmedOfSpaces)
        case 17 where name.isWord("transfer-encoding"): try encoding(raw.trimmedOfSpaces)
        default: break
        }
        if head.headers.fields.isEmpty { head.headers.fields.reserveCapacity(12) }
        head.headers.add(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
    }

    /// A name of token characters, the colon at once, then the value. The scan has seen that no value holds a control character.
    static func split(_ line: UnsafeRawBufferPointer) throws(Refusal) -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        if let first = line.first, first == .space || first == .tab { throw .fieldLine }
        var end = 0
        while end < line.count, line[end].isToken { end += 1 }
        guard end < line.count else { throw .fieldLine }
        guard end > 0, line[end] == .colon else { throw .fieldName }
        return (line.part(0..<end), line.part(end + 1..<line.count))
    }

    /// A trailer is dropped: nobody here waits for one, and merging it into the head is a way to smuggle. One that would have a say about
    /// the message, had it come in the head, is refused: RFC 9110 forbids to send it, and llhttp would listen to it.
    static func trailer(_ line: UnsafeRawBufferPointer) throws(Refusal) {
        let (name, _) = try split(line)
        for word in ["content-length", "transfer-encoding", "host", "connection"] as [StaticString] where name.isWord(word) {
            throw .trailer
        }
    }

    private mutating func host(_ value: UnsafeRawBufferPointer) throws(Refusal) {
        hosts += 1
        guard hosts == 1 else { throw .hostRepeated }
        guard Self.isAuthority(value) else { throw .host }
    }

    private static let dot = UInt8(ascii: ".")

    /// A name or an address, in brackets when it is IPv6, and perhaps a port.
    private static func isAuthority(_ value: UnsafeRawBufferPointer) -> Bool {
        var end = 0
        if value.first == UInt8(ascii: "[") {
            guard let close = value.firstIndex(of: UInt8(ascii: "]")), close > 1 else { return false }
            for byte in value.part(1..<close) where byte.hexValue == nil && byte != .colon && byte != dot { return false }
            end = close + 1
        } else {
            while end < value.count, value[end].isHostName {
                // No empty label; the last one, of the root, only behind a name.
                if value[end] == dot, end == 0 || value[end - 1] == dot { return false }
                end += 1
            }
            guard end > 0 else { return false }
        }
        guard end < value.count else { return true }
        return value[end] == .colon && value.part(end + 1..<value.count).allSatisfy(\.isDigit)
    }

    private mutating func expect(_ value: UnsafeRawBufferPointer) throws(Refusal) {
        guard value.isWord("100-continue") else { throw .expectation }
        framing.expectsContinue = true
    }

    private mutating func connection(_ value: UnsafeRawBufferPointer) {
        var start = 0
        while start <= value.count {
            let end = value.part(start..<value.count).firstIndex(of: UInt8(ascii: ",")).map { start + $0 } ?? value.count
            let option = value.part(start..<end).trimmed
            if option.isWord("close") { closes = true }
            if option.isWord("keep-alive") { keeps = true }
            start = end + 1
        }
    }

    private mutating func length(_ value: UnsafeRawBufferPointer) throws(Refusal) {
        lengths += 1
        guard lengths == 1 else { throw .lengthRepeated }
        guard !value.isEmpty else { throw .length }
        var length: UInt64 = 0
        for byte in value {
            let (tens, over) = length.multipliedReportingOverflow(by: 10)
            let (sum, overAgain) = tens.addingReportingOverflow(UInt64(byte &- 0x30))
            guard byte.isDigit, !over, !overAgain else { throw .length }
            length = sum
        }
        framing.body = .length(length)
    }

    private mutating func encoding(_ value: UnsafeRawBufferPointer) throws(Refusal) {
        encodings += 1
        guard encodings == 1 else { throw .encodingRepeated }
        guard value.isWord("chunked") else { throw .encoding }
    }

    // MARK: End

    /// Hands the head over and keeps none of it: an idle connection holds no header.
    mutating func takeHead() -> RequestHead {
        defer { head = RequestHead(method: "", target: "") }
        return head
    }

    /// What one line alone can't tell.
    mutating func finish() throws(Refusal) {
        guard hosts == 1 || framing.isOldVersion else { throw .hostMissing }
        if let authority, let host = head.headers["Host"], !Headers.same(authority, host) { throw .host }
        guard encodings == 0 || lengths == 0 else { throw .lengthWithEncoding }
        if encodings == 1 {
            guard !framing.isOldVersion else { throw .encodingInOldVersion }
            framing.body = .chunked
        }
        if framing.body == .length(0) { framing.body = .none }
        if framing.body == .none || framing.isOldVersion { framing.expectsContinue = false }
        framing.keepsConnection = !closes && (keeps || !framing.isOldVersion)
    }
}

extension UInt8 {
    /// Methods are in capitals; RFC 9110 would let any token pass, but none that is registered needs it.
    fileprivate var isMethod: Bool { (self >= 0x41 && self <= 0x5A) || self == UInt8(ascii: "-") || self == UInt8(ascii: "_") }
}

// SPDX-License-Identifier: Apache-2.0

/// The server's side of HTTP/1.0 and 1.1 as a state machine without sockets: bytes in, steps out. One lives as long as its connection.
///
/// It is strict so that it can be small: what RFC 9112 does not plainly allow is refused, and after a refusal nothing more is read.
/// How the bytes are cut has no influence on the steps (but `sendContinue`, which is for who waits). Bytes that were not taken are handed in again, with more behind them.
package struct RequestParser {
    package enum Step: Equatable {
        /// All that could be taken was taken.
        case more
        /// The head is whole. The body follows on the next call, or `discardBody` is called before it.
        case head(RequestHead)
        /// The client waits for `100 Continue` before it sends the body, as far as one can know.
        case sendContinue
        case request(Request)
        /// The body of a request that was answered at its head has been read.
        case discarded
        case refuse(Refusal)
    }

    private enum Stage {
        case start, fields, admitted, length, chunkSize, chunkData, chunkEnd, trailers, refused
    }

    private let limits: Limits
    private var stage = Stage.start
    private var lines = HeadLines()
    private var body: [UInt8] = []
    /// Bytes of the partial line in front that were looked at already.
    private var scanned = 0
    private var emptyLines = 0
    /// Head and trailers together.
    private var headBytes = 0
    private var trailers = 0
    private var extensionBytes = 0
    private var bodyLeft: UInt64 = 0
    private var discards = false

    package init(limits: Limits) {
        self.limits = limits
    }

    // MARK: What the connection asks

    /// Nothing of a next request has been taken.
    package var isIdle: Bool {
        if case .start = stage { headBytes == 0 && scanned == 0 } else { false }
    }

    package var isInBody: Bool {
        switch stage {
        case .length, .chunkSize, .chunkData, .chunkEnd, .trailers: true
        case .start, .fields, .admitted, .refused: false
        }
    }

    /// Bytes of the body that are held.
    package var heldBytes: Int { body.count }

    /// The declared length, from the head on.
    package var declaredBytes: Int {
        if case .length(let length) = lines.framing.body { Int(clamping: length) } else { 0 }
    }

    /// Where the request that is being received goes; nil before its first line is whole.
    package var target: String? { lines.head.target.isEmpty ? nil : lines.head.target }

    package var keepsConnection: Bool { lines.framing.keepsConnection }

    package var isOldVersion: Bool { lines.framing.isOldVersion }

    /// Called at the head, when the request was answered there: true if its body will be read and dropped, so that the connection can be
    /// kept. Not for a client that waits to be told to go on: nobody knows whether it will send the body.
    package mutating func discardBody() -> Bool {
        switch lines.framing.body {
        case .none: break
        case .length(let length): guard length <= limits.discardBytes, !lines.framing.expectsContinue else { return false }
        case .chunked: return false
        }
        discards = true
        return true
    }

    // MARK: Steps

    package mutating func next(_ cursor: inout ByteCursor) -> Step {
        do throws(Refusal) {
            return try advance(&cursor)
        } catch {
            stage = .refused
            body = []
            return .refuse(error)
        }
    }

    private mutating func advance(_ cursor: inout ByteCursor) throws(Refusal) -> Step {
        while true {
            switch stage {
            case .start, .fields, .trailers:
                guard let line = try headLine(&cursor) else { return .more }
                if let step = try take(line) { return step }
            case .admitted:
                if let step = try beginBody(cursor) { return step }
            case .length, .chunkData:
                takeBody(&cursor)
                guard bodyLeft == 0 else { return .more }
                if case .length = stage { return finish() }
                stage = .chunkEnd
            case .chunkSize:
                guard try takeChunkSize(&cursor) else { return .more }
            case .chunkEnd:
                guard try takeChunkEnd(&cursor) else { return .more }
            case .refused: return .more
            }
        }
    }

    // MARK: Head

    /// The next whole line, out of what the limit leaves of the head.
    private mutating func headLine(_ cursor: inout ByteCursor) throws(Refusal) -> UnsafeRawBufferPointer? {
        let room = limits.headBytes - headBytes
        let front = cursor.front(room)
        switch LineScan(front, from: scanned) {
        case .refused: throw .control
        case .partial(let seen):
            guard front.count < room else { throw .headTooLarge }
            scanned = seen
            return nil
        case .line(let length):
            scanned = 0
            headBytes += length + 2
            cursor.take(length + 2)
            return front.part(0..<length)
        }
    }

    private mutating func take(_ line: UnsafeRawBufferPointer) throws(Refusal) -> Step? {
        switch stage {
        case .start where line.isEmpty:
            emptyLines += 1
            headBytes = 0
            guard emptyLines <= limits.emptyLines else { throw .emptyLines }
        case .start:
            lines = HeadLines()
            try lines.requestLine(line)
            stage = .fields
        case .fields where line.isEmpty:
            try lines.finish()
            if case .length(let length) = lines.framing.body, length > UInt64(clamping: limits.bodyBytes) { throw .bodyTooLarge }
            stage = .admitted
            return .head(lines.head)
        case .fields:
            try lines.field(line, limit: limits.fields)
        case .trailers where line.isEmpty:
            return finish()
        default:
            trailers += 1
            guard trailers <= limits.fields else { throw .tooManyFields }
            try HeadLines.trailer(line)
        }
        return nil
    }

    // MARK: Body

    private mutating func beginBody(_ cursor: ByteCursor) throws(Refusal) -> Step? {
        switch lines.framing.body {
        case .none: return finish()
        case .length(let length):
            bodyLeft = length
            stage = .length
        case .chunked: stage = .chunkSize
        }
        return lines.framing.expectsContinue && cursor.remaining == 0 ? .sendContinue : nil
    }

    private mutating func takeBody(_ cursor: inout ByteCursor) {
        let part = cursor.front(Int(clamping: bodyLeft))
        cursor.take(part.count)
        bodyLeft -= UInt64(part.count)
        if discards { return }
        if body.isEmpty {
            body = Array(part)
            return
        }
        // Grows fourfold as bytes come: a declared length alone reserves nothing. From half a megabyte on at once to 16 MB, of which only
        // the part that comes is ever touched: the loop's other connections wait for each copy, and up to there that is 2 MB at most.
        if body.count + part.count > body.capacity {
            let needed = body.count + part.count
            let whole = lines.framing.body == .chunked ? limits.bodyBytes : needed + Int(clamping: bodyLeft)
            let next = body.capacity < 512 * 1024 ? body.capacity * 4 : max(body.capacity * 4, 16 << 20)
            body.reserveCapacity(min(max(next, needed), max(whole, needed)))
        }
        body.append(contentsOf: part)
    }

    private mutating func takeChunkSize(_ cursor: inout ByteCursor) throws(Refusal) -> Bool {
        let room = ChunkLine.sizeDigits + limits.extensionBytes - extensionBytes + 2
        let front = cursor.front(room)
        switch LineScan(front, from: scanned) {
        case .refused: throw .chunkSize
        case .partial(let seen):
            guard front.count < room else { throw .chunkExtension }
            scanned = seen
            return false
        case .line(let length):
            scanned = 0
            let (size, extra) = try ChunkLine.size(front.part(0..<length))
            extensionBytes += extra
            guard extensionBytes <= limits.extensionBytes else { throw .chunkExtension }
            guard size <= UInt64(clamping: limits.bodyBytes - body.count) else { throw .bodyTooLarge }
            cursor.take(length + 2)
            bodyLeft = size
            stage = size == 0 ? .trailers : .chunkData
            return true
        }
    }

    private mutating func takeChunkEnd(_ cursor: inout ByteCursor) throws(Refusal) -> Bool {
        let front = cursor.front(2)
        if let first = front.first, first != .cr { throw .chunkEnd }
        guard front.count == 2 else { return false }
        guard front[1] == .lf else { throw .chunkEnd }
        cursor.take(2)
        stage = .chunkSize
        return true
    }

    /// Leaves the framing as it is: until the answer is written the connection asks for it.
    private mutating func finish() -> Step {
        defer {
            body = []
            stage = .start
            emptyLines = 0
            headBytes = 0
            trailers = 0
            extensionBytes = 0
            discards = false
        }
        let head = lines.takeHead()
        return discards ? .discarded : .request(Request(head: head, body: body))
    }
}

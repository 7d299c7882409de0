// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The lines of a file that may be endless: a pipe, a terminal. Never holds more than one line and one chunk.
struct LineReader {
    enum Line {
        case whole([UInt8])
        /// It was longer than the limit, and is passed over.
        case tooLong
    }

    private let file: Int32
    private let limit: Int
    private var chunk: [UInt8] = []
    private var place = 0
    private var hasEnded = false

    init(_ file: Int32, limit: Int) {
        self.file = file
        self.limit = limit
    }

    /// The next line without its newline; nil at the end. `beforeWaiting` is called before every read.
    mutating func next(beforeWaiting: () -> Void) throws -> Line? {
        var line: [UInt8] = []
        var isTooLong = false
        while true {
            let rest = chunk[place...]
            let end = rest.firstIndex(of: UInt8(ascii: "\n"))
            let part = rest[..<(end ?? rest.endIndex)]
            isTooLong = isTooLong || line.count + part.count > limit
            if isTooLong { line = [] } else { line += part }
            place = end.map { $0 + 1 } ?? rest.endIndex
            if end != nil { return isTooLong ? .tooLong : .whole(line) }
            guard try fill(beforeWaiting) else {
                if isTooLong { return .tooLong }
                return line.isEmpty ? nil : .whole(line)
            }
        }
    }

    private mutating func fill(_ beforeWaiting: () -> Void) throws -> Bool {
        guard !hasEnded else { return false }
        beforeWaiting()
        if chunk.count < Self.size { chunk = [UInt8](repeating: 0, count: Self.size) }
        var count = 0
        repeat { count = read(file, &chunk, Self.size) } while count < 0 && errno == EINTR
        guard count >= 0 else { throw WrongUsage("the input can't be read: \(String(cString: strerror(errno)))") }
        hasEnded = count == 0
        chunk.removeLast(chunk.count - count)
        place = 0
        return count > 0
    }

    private static let size = 1 << 16
}

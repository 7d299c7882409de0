// SPDX-License-Identifier: Apache-2.0

internal import FlotillaIngress
internal import FlotillaModel
internal import Glibc

/// Reads requests line by line and prints a verdict for each. Holds one line at a time, however many there are.
struct VerifyRun {
    /// A body of the largest size that the ingress takes by default fits, even with every byte escaped.
    static let lineLimit = 128 << 20

    private var inspector: Inspector
    private var refused = 0
    private var output = JSONWriter(capacity: 1 << 16)

    init(guesses: Int) {
        inspector = Inspector(guesses: guesses)
    }

    mutating func judge(_ files: [String]) throws -> ExitStatus {
        if files.isEmpty { try judge(STDIN_FILENO) }
        for path in files {
            let file = open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { throw WrongUsage("\(path) can't be read: \(String(cString: strerror(errno)))") }
            defer { close(file) }
            try judge(file)
        }
        return refused == 0 ? .done : .no
    }

    private mutating func judge(_ file: Int32) throws {
        var lines = LineReader(file, limit: Self.lineLimit)
        while let line = try lines.next(beforeWaiting: { flush() }) {
            let verdict: Verdict
            switch line {
            case .whole(let bytes):
                guard bytes.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { continue }
                verdict = inspector.verdict(on: bytes)
            case .tooLong:
                verdict = .tooLong(limit: Self.lineLimit)
            }
            if !verdict.isAccepted { refused += 1 }
            verdict.write(to: &output)
            output.newline()
            if output.bytes.count > 1 << 16 { flush() }
        }
        flush()
    }

    /// What is decided is shown before anybody waits for more: a person types, a program asks and reads in turn.
    private mutating func flush() {
        var rest = output.bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { break }
            rest = rest.dropFirst(max(0, count))
        }
        output = JSONWriter(capacity: 1 << 16)
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// Where lines go. Called from any thread, also from a Loop: a sink must not wait for anything.
package protocol LogSink: Sendable {
    func write(_ line: LogLine)
}

/// Lines on a file descriptor, stderr by default: JSON, or readable text when a person looks on. Each line is one write(2), so that
/// lines of several threads and processes stay whole without a lock.
package struct DescriptorSink: LogSink {
    private let descriptor: Int32
    private let isTerminal: Bool

    package init(_ descriptor: Int32 = STDERR_FILENO, isTerminal: Bool? = nil) {
        self.descriptor = descriptor
        self.isTerminal = isTerminal ?? (isatty(descriptor) == 1)
    }

    package func write(_ line: LogLine) {
        var rest = (isTerminal ? line.text : line.json)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            // There is nobody to tell that a log line could not be written.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

/// For tests: keeps the lines.
package final class CapturedLog: LogSink {
    private let kept = Mutex<[LogLine]>([])

    package init() {}

    package func write(_ line: LogLine) {
        kept.withLock { $0.append(line) }
    }

    package var lines: [LogLine] { kept.withLock { $0 } }
}

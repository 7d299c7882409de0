// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// A file that several processes append lines to. A line is one write: it is there when the process is killed right after it.
struct LineFile: Sendable {
    private let descriptor: Int32

    init(_ path: String) {
        descriptor = flotilla_open(path, O_WRONLY | O_APPEND | O_CREAT, 0o600)
        if descriptor < 0 { Orders.end("the file \(path)") }
    }

    init(standing descriptor: Int32) {
        self.descriptor = descriptor
    }

    func append(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else { Orders.end("a line can't be written") }
    }

    static func lines(of path: String) -> [String] {
        let descriptor = flotilla_open(path, O_RDONLY, 0)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = read(descriptor, &buffer, buffer.count), count > 0 { text += buffer[..<count] }
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

enum RealTime {
    /// The same clock in every process, in microseconds.
    static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
    }
}

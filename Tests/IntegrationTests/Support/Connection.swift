// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc
internal import TestSupport

/// A connection to a port of the loopback: opened by a test, which sends as much as it likes, and closed by it. Blocks, with a deadline.
struct Connection: Sendable {
    private let descriptor: Int32

    init(_ port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        guard Ports.withLoopback(port, { connect(descriptor, $0, $1) }) == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw Wire.Failure.refused(code)
        }
    }

    func close() { Glibc.close(descriptor) }

    /// Stops early when the other side has closed: its answer tells why.
    func send(_ bytes: some Sequence<UInt8>) {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// What comes until the other side closes.
    func answer() throws -> Wire.Answer {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 { received += buffer[..<count] }
        let parts = String(decoding: received, as: UTF8.self).components(separatedBy: "\r\n\r\n")
        guard parts.count > 1, let status = Int(parts[0].dropFirst(9).prefix(3)) else { throw Wire.Failure.noAnswer }
        return Wire.Answer(status: status, head: parts[0], body: parts.dropFirst().joined(separator: "\r\n\r\n"))
    }
}

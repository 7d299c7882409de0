// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc

/// One request on a connection of its own, its bytes as the test wrote them, and whatever came back until the other side closed.
enum Wire {
    struct Answer: Sendable {
        let status: Int
        let head: String
        let body: String

        func header(_ name: String) -> String? {
            head.components(separatedBy: "\r\n").first { $0.lowercased().hasPrefix(name.lowercased() + ": ") }
                .map { String($0.dropFirst(name.count + 2)) }
        }
    }

    enum Failure: Error {
        case refused(Int32)
        case noAnswer
    }

    static func request(
        _ port: UInt16, _ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8] = []
    ) async throws -> Answer {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        if method == "POST" { text += "Content-Length: \(body.count)\r\n" }
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        return try await exchange(port, Array((text + "\r\n").utf8) + body)
    }

    static func get(_ port: UInt16, _ target: String) async throws -> Answer {
        try await request(port, "GET", target)
    }

    /// On a thread of its own: the pool of the tests' tasks has only as many as there are cores.
    static func exchange(_ port: UInt16, _ bytes: [UInt8]) async throws -> Answer {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try talk(port, bytes) }) }
        }
    }

    private static func talk(_ port: UInt16, _ bytes: [UInt8]) throws -> Answer {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        guard Ports.withLoopback(port, { connect(descriptor, $0, $1) }) == 0 else { throw Failure.refused(errno) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            // Refused before all of it was sent: the answer tells why.
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 { received += buffer[..<count] }
        let parts = String(decoding: received, as: UTF8.self).components(separatedBy: "\r\n\r\n")
        guard parts.count > 1, let status = Int(parts[0].dropFirst(9).prefix(3)) else { throw Failure.noAnswer }
        return Answer(status: status, head: parts[0], body: parts.dropFirst().joined(separator: "\r\n\r\n"))
    }
}

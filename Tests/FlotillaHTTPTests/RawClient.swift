// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import FlotillaRuntime
import Foundation
import Glibc
import TestSupport
import Testing

/// A blocking socket to a server under test: bytes as they are, each wait with a deadline.
final class RawClient: @unchecked Sendable {
    // Sendable because a test uses it on one thread at a time: its own, or that of `onThread`, which it waits for.
    let descriptor: Int32
    /// Set by `secure`, and then everything goes through it.
    var tls: OpaquePointer?
    private var received: [UInt8] = []
    private var isOpen = true

    struct Answer: Equatable {
        var status: Int
        var head: String
        var body: String

        func has(_ line: String) -> Bool { head.contains("\r\n\(line)\r\n") }
    }

    enum Failure: Error {
        case connect(Int32)
        case closed, reset, tooSlow, notAnAnswer(String)
    }

    init(port: UInt16, version6: Bool = false) throws {
        descriptor = socket(version6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var code: Int32
        if version6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            inet_pton(AF_INET6, "::1", &address.sin6_addr)
            code = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        } else {
            code = Ports.withLoopback(Int(port)) { connect(descriptor, $0, $1) }
        }
        guard code == 0 else {
            let code = errno
            isOpen = false
            Glibc.close(descriptor)
            throw Failure.connect(code)
        }
    }

    deinit { close() }

    func close() {
        guard isOpen else { return }
        isOpen = false
        SSL_free(tls)
        tls = nil
        Glibc.close(descriptor)
    }

    func finishSending() {
        if let tls { SSL_shutdown(tls) } else { shutdown(descriptor, Int32(SHUT_WR)) }
    }

    /// Closes with a reset instead of an orderly end.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        guard let tls else { return try sendPlainly(bytes) }
        guard bytes.isEmpty || SSL_write(tls, bytes, Int32(bytes.count)) == Int32(bytes.count) else { throw Failure.reset }
    }

    /// Past TLS.
    func sendPlainly(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Failure.reset }
            rest = rest.dropFirst(count)
        }
    }

    /// Sends as much as the other side takes until it has taken nothing for 300 ms, at most `limit` bytes. Returns how much that was.
    func sendUntilBlocked(_ bytes: [UInt8], limit: Int) -> Int {
        var sent = 0
        while sent < limit {
            var event = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&event, 1, 300) == 1 else { break }
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            guard count > 0 else { break }
            sent += count
        }
        return sent
    }

    /// True when something arrived, or the end, before the time was over.
    func waitForInput(milliseconds: Int32) -> Bool {
        var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&event, 1, milliseconds) == 1
    }

    /// False at the end of what the server sends.
    private func receive() throws -> Bool {
        if let tls { return try receive(by: tls) }
        guard waitForInput(milliseconds: 10_000) else { throw Failure.tooSlow }
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { throw Failure.reset }
        received += buffer[..<count]
        return count > 0
    }

    /// A connection that ends without the server's goodbye was cut off.
    private func receive(by tls: OpaquePointer) throws -> Bool {
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var buffer = [UInt8](repeating: 0, count: 65536)
        ERR_clear_error()
        let count = SSL_read(tls, &buffer, Int32(buffer.count))
        guard count <= 0 else {
            received += buffer[..<Int(count)]
            return true
        }
        guard SSL_get_error(tls, count) == SSL_ERROR_ZERO_RETURN else { throw Failure.reset }
        return false
    }

    /// What comes until the server ends the connection.
    func rest() throws -> [UInt8] {
        while try receive() {}
        return received
    }

    /// How many bytes come until the server ends the connection.
    func receiveAll() throws -> Int {
        while try receive() {}
        return received.count
    }

    /// The next answer; `withoutBody` for the one to a HEAD request.
    func answer(withoutBody: Bool = false) throws -> Answer {
        let end = Array("\r\n\r\n".utf8)
        var headEnd: Int?
        while true {
            headEnd = received.indices.first { received[$0...].starts(with: end) }
            if headEnd != nil { break }
            guard try receive() else {
                throw received.isEmpty ? Failure.closed : Failure.notAnAnswer(String(decoding: received, as: UTF8.self))
            }
        }
        let head = String(decoding: received.prefix((headEnd ?? 0) + 2), as: UTF8.self)
        received.removeFirst((headEnd ?? 0) + 4)
        guard let status = Int(head.dropFirst(9).prefix(3)) else { throw Failure.notAnAnswer(head) }
        let length =
            head.components(separatedBy: "\r\n").compactMap { $0.hasPrefix("Content-Length: ") ? Int($0.dropFirst(16)) : nil }.first ?? 0
        guard !withoutBody else { return Answer(status: status, head: head, body: "") }
        while received.count < length { guard try receive() else { throw Failure.closed } }
        defer { received.removeFirst(length) }
        return Answer(status: status, head: head, body: String(decoding: received.prefix(length), as: UTF8.self))
    }

    /// True when the server ends the connection in order and sends nothing more.
    func ends() throws -> Bool {
        guard received.isEmpty else { return false }
        return try !receive()
    }

    func exchange(_ text: String) throws -> Answer {
        try send(text)
        return try answer()
    }
}

/// Runs blocking code on a thread of its own: the pool of Swift's tasks has only as many threads as cores. It stays the same task, so that
/// an expectation in there belongs to its test.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    let loop = try Loop("test-client")
    defer { loop.stop() }
    return try await withTaskExecutorPreference(loop) { try body() }
}

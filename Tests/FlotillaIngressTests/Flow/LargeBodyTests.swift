// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaModel
import FlotillaRuntime
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import FlotillaIngress

/// Large bodies and their neighbours: the loop belongs to all its connections.
@Suite(.serialized, .timeLimit(.minutes(1))) struct LargeBodyTests {
    /// The longest that the loop was busy without coming back to its timers. In processor time of its own thread: a machine that is
    /// busy with other things doesn't count.
    private final class Stall: @unchecked Sendable {
        // Sendable because only the loop's thread touches `last`, and `longest` is atomic.
        let longest = Atomic<UInt64>(0)
        private var last: UInt64 = 0
        private let loop: Loop

        init(_ loop: Loop) {
            self.loop = loop
            loop.post { self.tick() }
        }

        private func tick() {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            let now = UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
            if last > 0 { longest.max(now - last, ordering: .relaxed) }
            last = now
            _ = loop.schedule(after: .microseconds(100)) { [weak self] in self?.tick() }
        }
    }

    private func serve(_ body: (Door, UInt16, Loop) async throws -> Void) async throws {
        let loop = try Loop("large")
        let door = try Door()
        let server = Server(loops: [loop], address: .anyLocal, responder: door.ingress)
        try await server.start()
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(door, server.port, loop)) } catch { outcome = .failure(error) }
        await server.stop()
        loop.stop()
        try outcome.get()
    }

    private static func bytes(_ request: Request, inChunks: Bool) -> [UInt8] {
        var head = "POST \(request.head.target) HTTP/1.1\r\nHost: a\r\n"
        for field in request.head.headers.fields { head += "\(field.name): \(field.value)\r\n" }
        guard inChunks else { return Array((head + "Content-Length: \(request.body.count)\r\n\r\n").utf8) + request.body }
        let size = Array("\(String(request.body.count, radix: 16))\r\n".utf8)
        return Array((head + "Transfer-Encoding: chunked\r\n\r\n").utf8) + size + request.body + Array("\r\n0\r\n\r\n".utf8)
    }

    @Test("a body of 15 MB is verified, read and published without keeping the loop from its other requests", arguments: [false, true])
    func stall(inChunks: Bool) async throws {
        // Asked are 5 ms of what is shipped; a debug build copies slower, and verified on the loop the body takes 100 ms and more.
        let limit: UInt64 = _isDebugAssertConfiguration() ? 20_000_000 : 5_000_000
        var stalls: [UInt64] = []
        // What the machine or a sanitizer adds it does not add each time.
        for _ in 0..<3 where stalls.allSatisfy({ $0 >= limit }) { stalls.append(try await longestStall(inChunks: inChunks)) }
        #expect(stalls.contains { $0 < limit }, "the loop was busy for \(stalls) ns")
    }

    private func longestStall(inChunks: Bool) async throws -> UInt64 {
        var longest: UInt64 = .max
        try await serve { door, port, loop in
            let rest = String(repeating: #"{"a":[1,2,3],"b":"text with \u00e9 and more"},"#, count: 330_000)
            let large = try door.signed("github", id: "large", body: #"{"action":"x","list":[\#(rest)0],"installation":{"id":7}}"#)
            #expect(large.body.count > 15_000_000)
            let bytes = Self.bytes(large, inChunks: inChunks)
            let small = Self.bytes(try door.signed("github", id: "small"), inChunks: false)
            let stall = Stall(loop)
            let neighbourhood = Switch()
            async let answer = onLoop("sender") { try Exchange(port).send(bytes) }
            async let others = onLoop("neighbour") {
                let neighbour = try Exchange(port)
                var statuses: [Int] = []
                while neighbourhood.isOn { statuses.append(try neighbour.send(small)) }
                return statuses
            }
            #expect(try await answer == 202)
            neighbourhood.turnOff()
            let statuses = try await others
            #expect(Set(statuses) == [202])
            #expect(door.publisher.published.contains { $0.first?.data == large.body })
            longest = stall.longest.load(ordering: .relaxed)
        }
        return longest
    }

    @Test("a large body that nobody signed is refused like a small one")
    func refused() async throws {
        try await serve { door, port, _ in
            var large = try door.signed("github", body: #"{"a":"\#(String(repeating: "a", count: 1_000_000))"}"#)
            large.body[large.body.count / 2] ^= 1
            let bytes = Self.bytes(large, inChunks: false)
            #expect(try await onLoop("sender") { try Exchange(port).send(bytes) } == 401)
            #expect(door.publisher.published.isEmpty)
        }
    }
}

/// Runs blocking code on a thread of its own.
private func onLoop<Value: Sendable>(_ name: String, _ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    let loop = try Loop(name)
    defer { loop.stop() }
    return try await withTaskExecutorPreference(loop) { try body() }
}

/// One connection that is kept; blocks.
private final class Exchange {
    private let descriptor: Int32

    init(_ port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard Ports.withLoopback(Int(port), { connect(descriptor, $0, $1) }) == 0 else { throw CancellationError() }
    }

    deinit { close(descriptor) }

    /// The status of the answer, whose body is short.
    func send(_ bytes: [UInt8]) throws -> Int {
        var start = 0
        while start < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress?.advanced(by: start), $0.count - start, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw CancellationError() }
            start += count
        }
        var received = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &received, received.count, 0)
        guard count > 12, let status = Int(String(decoding: received[9..<12], as: UTF8.self)) else { throw CancellationError() }
        return status
    }
}

/// On, until it is turned off.
private final class Switch: Sendable {
    private let state = Atomic<Bool>(true)

    var isOn: Bool { state.load(ordering: .acquiring) }

    func turnOff() { state.store(false, ordering: .releasing) }
}

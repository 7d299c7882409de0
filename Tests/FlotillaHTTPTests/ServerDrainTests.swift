// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import Foundation
import Testing

/// What slow clients can do to a drain: its length is the server's to say, not theirs.
@Suite(.timeLimit(.minutes(1))) struct ServerDrainTests {
    private static let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"

    /// Sequence: a client sends a byte each 20 ms, the drain begins, and the client goes on as before. The body's own time of 30 s was
    /// longer than what a process has to drain: the workers, which drain after the server, were never asked.
    @Test(
        "a request that trickles when the drain begins is refused with 503 when the drain's time is over, and the drain returns",
        arguments: [
            ("in its head", "PO", ""), ("in its body", head + "b", ""),
            ("in its head first, in its body then", "PO", String(head.dropFirst(2))),
        ])
    func trickle(_ place: String, _ before: String, _ atOnce: String) async throws {
        var limits = Limits()
        limits.drainTime = .milliseconds(300)
        try await TestServer.run(limits: limits) { test in
            let client = try RawClient(port: test.port)
            try client.send(before)
            async let drained: Void = test.server.drain()
            try await until { (try? RawClient(port: test.port)) == nil }
            try client.send(atOnce)
            let rest = (Self.head + String(repeating: "b", count: 200)).dropFirst(before.utf8.count + atOnce.utf8.count)
            var isAnswered = false
            for byte in rest.utf8 {
                isAnswered = client.waitForInput(milliseconds: 20)
                if isAnswered { break }
                try client.send([byte])
            }
            try #require(isAnswered)
            let answer = try client.answer()
            #expect(answer.status == 503)
            #expect(answer.has("Connection: close"))
            #expect(answer.has("Retry-After: 1"))
            #expect(try client.ends())
            client.close()
            await drained
            #expect(test.server.connections == 0)
            #expect(test.server.inflight.held == 0)
        }
    }

    @Test func `a client that does not take its answer is cut off sooner while the server drains`() async throws {
        var limits = Limits()
        limits.drainWriteTime = .milliseconds(200)
        try await TestServer.run(limits: limits) { test in
            let client = try RawClient(port: test.port)
            try client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            await test.responder.arrived(1)
            async let drained: Void = test.server.drain()
            try await until { test.server.connections == 0 }
            await drained
            #expect(throws: RawClient.Failure.self) { try client.answer() }
        }
    }

    /// The answer was begun before the drain and promised to keep the connection: once it is out, nobody waits for another request.
    @Test func `a connection whose long answer ends in the drain is closed then`() async throws {
        var limits = Limits()
        limits.drainTime = .seconds(60)
        try await TestServer.run(limits: limits) { test in
            let client = try RawClient(port: test.port)
            try client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(client.waitForInput(milliseconds: 10_000))
            async let drained: Void = test.server.drain()
            try await until { (try? RawClient(port: test.port)) == nil }
            // By the count: `answer` would parse eight million bytes.
            #expect(try client.receiveAll() > 8_000_000)
            await drained
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaRuntime
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct ServerLimitTests {
    /// Sends one byte each 20 ms until the server says something.
    private static func trickle(_ text: String, port: UInt16) throws -> (answer: RawClient.Answer, sent: Int) {
        let client = try RawClient(port: port)
        var sent = 0
        for byte in text.utf8 {
            guard !client.waitForInput(milliseconds: 20) else { break }
            try client.send([byte])
            sent += 1
        }
        return (try client.answer(), sent)
    }

    @Test func `a head that trickles is 408 when its time is over, and each byte does not begin it anew`() async throws {
        var limits = Limits()
        limits.headTime = .milliseconds(200)
        try await TestServer.run(limits: limits) { test in
            let port = test.port
            let (answer, sent) = try await onThread {
                try Self.trickle("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "y", count: 200))", port: port)
            }
            #expect(answer.status == 408)
            #expect(answer.has("Connection: close"))
            #expect(sent < 200)
        }
    }

    @Test func `a body that trickles is 408 when its time is over, and gives back its bytes`() async throws {
        var limits = Limits()
        limits.bodyTime = .milliseconds(200)
        try await TestServer.run(limits: limits) { test in
            let port = test.port
            let (answer, _) = try await onThread {
                let client = try RawClient(port: port)
                try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
                var sent = 0
                while !client.waitForInput(milliseconds: 20), sent < 999 {
                    try client.send("b")
                    sent += 1
                }
                return (try client.answer(), sent)
            }
            #expect(answer.status == 408)
            try await until { test.server.inflight.held == 0 }
        }
    }

    @Test func `an idle connection is closed without a word, before and after a request`() async throws {
        var limits = Limits()
        limits.idleTime = .milliseconds(100)
        try await TestServer.run(limits: limits) { test in
            let port = test.port
            try await onThread {
                #expect(try RawClient(port: port).ends())
                let client = try RawClient(port: port)
                #expect(try client.exchange(post("/", "one")).body == "one")
                #expect(try client.ends())
            }
        }
    }

    @Test func `the time of a head counts although the idle time before it is longer, and a held answer has no deadline of these`()
        async throws
    {
        var limits = Limits()
        limits.headTime = .milliseconds(100)
        limits.idleTime = .milliseconds(150)
        try await TestServer.run(limits: limits) { test in
            let client = try RawClient(port: test.port)
            try client.send(post("/hold", "one"))
            await test.responder.arrived(1)
            #expect(!client.waitForInput(milliseconds: 400))
            test.responder.open()
            #expect(try client.answer().body == "one")
            try client.send("GET")
            #expect(try client.answer().status == 408)
        }
    }

    @Test func `a client that does not take its answer is cut off`() async throws {
        var limits = Limits()
        limits.writeTime = .milliseconds(200)
        try await TestServer.run(limits: limits) { test in
            let client = try RawClient(port: test.port)
            try client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            await test.responder.arrived(1)
            try await until { test.server.connections == 0 }
            #expect(throws: RawClient.Failure.self) { try client.answer() }
        }
    }

    @Test func `past the limit of connections a client gets 503, and a place that is free again is given`() async throws {
        var limits = Limits()
        limits.connections = 2
        try await TestServer.run(limits: limits) { test in
            let first = try RawClient(port: test.port)
            let second = try RawClient(port: test.port)
            #expect(try first.exchange(post("/", "1")).status == 200)
            #expect(try second.exchange(post("/", "2")).status == 200)
            let third = try RawClient(port: test.port)
            let answer = try third.answer()
            #expect(answer.status == 503)
            #expect(answer.has("Retry-After: 1"))
            #expect(try third.ends())
            third.close()
            first.close()
            try await until { test.server.connections == 1 }
            #expect(try RawClient(port: test.port).exchange(post("/", "3")).status == 200)
        }
    }

    @Test func `past the budget of bytes a request gets 503, and every way out gives its bytes back`() async throws {
        try await TestServer.run(inflight: InflightBytes(limit: 1000)) { test in
            let first = try RawClient(port: test.port)
            try first.send(post("/hold", String(repeating: "a", count: 800)))
            await test.responder.arrived(1)
            #expect(test.server.inflight.held == 800)

            let second = try RawClient(port: test.port)
            let declared = try second.exchange(post("/", String(repeating: "b", count: 201)))
            #expect(declared.status == 503)
            #expect(declared.has("Retry-After: 1"))
            #expect(try second.exchange(post("/", String(repeating: "b", count: 200))).status == 200)

            let third = try RawClient(port: test.port)
            let chunked = try third.exchange(
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nc9\r\n\(String(repeating: "c", count: 201))\r\n0\r\n\r\n")
            #expect(chunked.status == 503)
            #expect(test.server.inflight.held == 800)

            let fourth = try RawClient(port: test.port)
            try fourth.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200\r\n\r\n\(String(repeating: "d", count: 100))")
            try await until { test.server.inflight.held == 900 }
            fourth.reset()
            try await until { test.server.inflight.held == 800 }

            test.responder.open()
            #expect(try first.answer().status == 200)
            try await until { test.server.inflight.held == 0 }
            #expect(try second.exchange(post("/", String(repeating: "e", count: 1000))).status == 200)
        }
    }
}

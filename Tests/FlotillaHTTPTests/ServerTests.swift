// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaRuntime
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct ServerTests {
    @Test func `a connection serves one request after the other`() async throws {
        try await TestServer.run { test in
            let port = test.port
            try await onThread {
                let client = try RawClient(port: port)
                for number in 1...50 {
                    let answer = try client.exchange(post("/\(number)", "body \(number)"))
                    #expect(answer.status == 200)
                    #expect(answer.body == "body \(number)")
                    #expect(answer.has("X-Target: /\(number)"))
                    #expect(answer.head.contains("\r\nDate: "))
                    #expect(!answer.head.contains("Connection:"))
                }
            }
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "Connection: close", true),
        ("GET / HTTP/1.0\r\n\r\n", "Connection: close", true),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "Connection: keep-alive", false),
    ])
    func `a client that wants to close is told so, and the connection ends`(_ request: String, _ line: String, _ ends: Bool) async throws {
        try await TestServer.run { test in
            let port = test.port
            try await onThread {
                let client = try RawClient(port: port)
                let answer = try client.exchange(request)
                #expect(answer.has(line))
                if ends { #expect(try client.ends()) } else { #expect(try client.exchange(request).status == 200) }
            }
        }
    }

    @Test func `pipelined requests are answered in order, the first one held or not`() async throws {
        try await TestServer.run { test in
            let port = test.port
            let client = try RawClient(port: port)
            try client.send(post("/hold", "one") + post("/", "two") + post("/", "three"))
            await test.responder.arrived(1)
            #expect(!client.waitForInput(milliseconds: 50))
            test.responder.open()
            #expect(try client.answer().body == "one")
            #expect(try client.answer().body == "two")
            #expect(try client.answer().body == "three")
        }
    }

    @Test func `reading stops while a client sends ahead, and goes on afterwards`() async throws {
        try await TestServer.run { test in
            let client = try RawClient(port: test.port)
            try client.send(post("/hold", "one"))
            await test.responder.arrived(1)
            let request = Array(post("/", String(repeating: "x", count: 32_000)).utf8)
            // What the kernel's buffers and 128 KiB of ours take is far below this.
            let sent = try await onThread { [client = Handed(client)] in client.value.sendUntilBlocked(request, limit: 64_000_000) }
            #expect(sent < 64_000_000)
            test.responder.open()
            #expect(try client.answer().body == "one")
            #expect(try client.answer().body.utf8.count == 32_000)
        }
    }

    @Test func `a client that has finished sending still gets its answer`() async throws {
        try await TestServer.run { test in
            let client = try RawClient(port: test.port)
            try client.send(post("/hold", "one") + post("/", "two"))
            client.finishSending()
            await test.responder.arrived(1)
            test.responder.open()
            #expect(try client.answer().body == "one")
            #expect(try client.answer().body == "two")
            #expect(try client.ends())
        }
    }

    @Test func `a client that resets while its answer is pending does no harm, and its bytes are given back`() async throws {
        try await TestServer.run { test in
            let clients = try (0..<20).map { _ in try RawClient(port: test.port) }
            for client in clients { try client.send(post("/hold", "0123456789")) }
            await test.responder.arrived(20)
            #expect(test.server.inflight.held == 200)
            for client in clients { client.reset() }
            try await until { test.server.connections == 0 }
            #expect(test.server.inflight.held == 200, "the responder still holds them")
            test.responder.open()
            try await until { test.server.inflight.held == 0 }
            let client = try RawClient(port: test.port)
            #expect(try client.exchange(post("/", "alive")).body == "alive")
        }
    }

    @Test func `nonsense is answered once and the connection ends`() async throws {
        try await TestServer.run { test in
            let client = try RawClient(port: test.port)
            let answer = try client.exchange("NONSENSE\r\n" + post("/", "never"))
            #expect(answer.status == 400)
            #expect(answer.has("Connection: close"))
            #expect(try client.ends())
        }
    }

    @Test func `a client that sends without end is refused and can still read why`() async throws {
        try await TestServer.run { test in
            let client = try RawClient(port: test.port)
            try client.send("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n")
            // 4 MB that nobody wants: were the connection closed at once, the client would meet a reset while it sends or reads.
            try client.send([UInt8](repeating: 0x78, count: 4_000_000))
            let answer = try client.answer()
            #expect(answer.status == 404)
            #expect(answer.has("Connection: close"))
            #expect(try client.ends())
        }
    }

    @Test func `a request refused at its head keeps the connection when its body is small`() async throws {
        try await TestServer.run { test in
            let client = try RawClient(port: test.port)
            #expect(try client.exchange(post("/nowhere", "small")).status == 404)
            #expect(try client.exchange("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n").status == 404)
            #expect(try client.exchange(post("/", "next")).body == "next")
        }
    }

    @Test func `who asks before it sends is told to go on, or refused at once`() async throws {
        var limits = Limits()
        limits.bodyBytes = 1000
        try await TestServer.run(limits: limits) { test in
            let client = try RawClient(port: test.port)
            func head(_ target: String, _ length: Int) -> String {
                "POST \(target) HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: \(length)\r\n\r\n"
            }
            #expect(try client.exchange(head("/", 5)).status == 100)
            #expect(try client.exchange("hello").body == "hello")
            #expect(try client.exchange(head("/", 1001)).status == 413)
            #expect(try client.ends())
            let other = try RawClient(port: test.port)
            #expect(try other.exchange(head("/nowhere", 5)).status == 404)
            #expect(try other.ends())
        }
    }

    @Test func `HEAD and 204 have no body, and nothing can be forged through a header`() async throws {
        try await TestServer.run { test in
            let client = try RawClient(port: test.port)
            try client.send("HEAD /large HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.answer(withoutBody: true).has("Content-Length: 8000000"))
            let empty = try client.exchange("GET /empty HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(empty.status == 204)
            #expect(!empty.head.contains("Content-Length"))
            let forged = try client.exchange("GET /forged HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(forged.has("X-D: e"))
            #expect(forged.has("Content-Length: 0"))
            for text in ["X-Evil", "X-A", "X-B", "X C", "upgrade", "Content-Length: 7"] { #expect(!forged.head.contains(text)) }
            #expect(try client.exchange(post("/", "next")).body == "next")
        }
    }

    @Test func `a large body goes in, a large answer goes out`() async throws {
        try await TestServer.run { test in
            let client = try RawClient(port: test.port)
            let body = String(repeating: "0123456789", count: 200_000)
            let answer = try await onThread { [client = Handed(client)] in
                // The answer is as large as the request: it is read by whoever sent, after it sent.
                try client.value.exchange(post("/", body))
            }
            #expect(answer.body == body)
            #expect(try client.exchange("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").body.utf8.count == 8_000_000)
            #expect(try client.exchange(post("/", "next")).body == "next")
        }
    }
}

/// A client passed to a thread, while the test waits for that thread.
///
/// Sendable because the one who hands it over does not touch it until the other is done.
struct Handed<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}

/// Waits for what another thread brings about, with a deadline.
func until(_ condition: () -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while !condition() {
        try #require(ContinuousClock.now < deadline, "it did not happen within 10 s")
        await Task.yield()
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaRuntime
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct ServerLifeTests {
    @Test func `a drain closes what is idle, answers what is under way, takes nobody new, and then returns`() async throws {
        try await TestServer.run(loops: 2) { test in
            let idle = try RawClient(port: test.port)
            #expect(try idle.exchange(post("/", "idle")).status == 200)
            let fresh = try RawClient(port: test.port)
            let held = try RawClient(port: test.port)
            try held.send(post("/hold", "held"))
            let half = try RawClient(port: test.port)
            try half.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nha")
            await test.responder.arrived(2)
            try await until { test.server.inflight.held == 6 }

            async let drained: Void = test.server.drain()
            #expect(try idle.ends())
            #expect(try fresh.ends())
            // Each loop stops listening in its own moment; until then it may still take somebody.
            try await until { (try? RawClient(port: test.port)) == nil }
            #expect(!held.waitForInput(milliseconds: 50))
            let last = try half.exchange("lf")
            #expect(last.body == "half")
            #expect(last.has("Connection: close"))
            test.responder.open()
            let answer = try held.answer()
            #expect(answer.body == "held")
            #expect(answer.has("Connection: close"))
            #expect(try held.ends())
            await drained
            #expect(test.server.connections == 0)
        }
    }

    @Test func `requests that lie in their sockets when the drain begins are answered`() async throws {
        try await TestServer.run { test in
            // More than the loop takes from one epoll_wait: when it comes to the drain, some of them are unread.
            let clients = try (0..<300).map { _ in try RawClient(port: test.port) }
            for client in clients { #expect(try client.exchange(post("/", "one")).status == 200) }
            let gate = DispatchSemaphore(value: 0)
            test.responder.loops[0].post { gate.wait() }
            async let drained: Void = test.server.drain()
            for client in clients { try client.send(post("/", "two")) }
            // Lets the drain reach the loop's mailbox; were it late, this test would only see less.
            for _ in 0..<1000 { await Task.yield() }
            gate.signal()
            await drained
            for client in clients { #expect(try client.answer().body == "two") }
        }
    }

    @Test func `a stop closes everything at once, and an answer that comes later is dropped`() async throws {
        try await TestServer.run { test in
            let client = try RawClient(port: test.port)
            try client.send(post("/hold", "held"))
            await test.responder.arrived(1)
            await test.server.stop()
            #expect(test.server.connections == 0)
            #expect(throws: RawClient.Failure.self) { try client.answer() }
            test.responder.open()
            try await until { test.server.inflight.held == 0 }
        }
    }

    @Test(arguments: [1, 2])
    func `a port that somebody else has is a plain error, whether that one shares it or not`(_ loops: Int) async throws {
        try await TestServer.run(loops: loops) { test in
            for count in [1, 2] {
                await #expect(throws: ServerFailure.self) {
                    try await TestServer.run(loops: count, address: "127.0.0.1:\(test.port)") { _ in }
                }
            }
            let address = try #require(ListenAddress("127.0.0.1:\(test.port)"))
            #expect(ServerFailure.addressInUse(address).description == "address 127.0.0.1:\(test.port) is already in use")
        }
    }

    @Test func `the port is free again after a drain, although connections were open`() async throws {
        var port: UInt16 = 0
        try await TestServer.run(loops: 2) { test in
            port = test.port
            let client = try RawClient(port: port)
            #expect(try client.exchange(post("/", "one")).status == 200)
            await test.server.drain()
        }
        try await TestServer.run(loops: 2, address: "127.0.0.1:\(port)") { test in
            let answer = try RawClient(port: test.port).exchange(post("/", "again"))
            #expect(answer.status == 200)
            #expect(test.port == port)
        }
    }

    @Test func `requests run on the loops of the server, also after they waited, and all loops get some`() async throws {
        try await TestServer.run(loops: 2) { test in
            let clients = try (0..<8).map { _ in try RawClient(port: test.port) }
            for client in clients { try client.send(post("/hold", "x")) }
            await test.responder.arrived(8)
            test.responder.open()
            for client in clients { #expect(try client.answer().status == 200) }
            for _ in 0..<64 {
                let answer = try RawClient(port: test.port).exchange(post("/", "x"))
                #expect(answer.status == 200)
            }
            #expect(test.responder.loopsSeen == ["test-0", "test-1"])
        }
    }

    @Test func `it listens on IPv6`() async throws {
        try await TestServer.run(loops: 2, address: "[::1]:0") { test in
            let answer = try RawClient(port: test.port, version6: true).exchange(post("/", "six"))
            #expect(answer.body == "six")
        }
    }

    @Test func `a server starts once`() async throws {
        try await TestServer.run { test in
            let server = test.server
            await #expect(throws: ServerFailure.started) { try await server.start() }
        }
    }

    @Test(arguments: [
        ("127.0.0.1:8080", "127.0.0.1:8080"), ("[::1]:8080", "[::1]:8080"), (":8080", "0.0.0.0:8080"), ("localhost:80", "127.0.0.1:80"),
        ("0.0.0.0:0", "0.0.0.0:0"), ("[::]:65535", "[::]:65535"),
    ])
    func `an address is read`(_ text: String, _ canonical: String) {
        #expect(ListenAddress(text)?.description == canonical)
    }

    @Test(arguments: [
        "", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+80", "127.0.0.1:8o", "::1:8080", "[::1]",
        "[::1:80",
        "example.org:80", "127.0.0.1.5:80", "1234:80", "127.0.0.1 :80", "[127.0.0.1]:80", "127.0.0.1:000080",
    ])
    func `what is no address is refused`(_ text: String) {
        #expect(ListenAddress(text) == nil)
    }
}

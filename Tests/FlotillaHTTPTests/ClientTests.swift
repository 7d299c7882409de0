// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaRuntime
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct ClientTests {
    /// A client on a loop of its own, for the length of one test.
    private static func run(connections: Int = 64, _ body: (Client) async throws -> Void) async throws {
        let loop = try Loop("test-client")
        let client = Client(loop: loop, connections: connections)
        do {
            try await body(client)
            await end(client, loop)
        } catch {
            await end(client, loop)
            throw error
        }
    }

    private static func end(_ client: Client, _ loop: Loop) async {
        await client.close()
        loop.stop()
        await loop.ended()
    }

    private static func url(_ test: TestServer, _ path: String = "/") -> String { "http://127.0.0.1:\(test.port)\(path)" }

    @Test func `an answer comes with its status, headers and body`() async throws {
        try await TestServer.run { test in
            try await Self.run { client in
                let body = Array("hello".utf8)
                let answer = try await client.send(
                    .init(method: "POST", url: Self.url(test, "/a?b"), headers: Headers([("X-Empty", "")]), body: body))
                #expect(answer.status == 200)
                #expect(answer.body == body)
                #expect(answer.headers["x-target"] == "/a?b")
                #expect(try await client.send(.init(url: Self.url(test, "/empty"))).status == 204)
                #expect(try await client.send(.init(url: Self.url(test, "/nowhere"))).status == 404)
                #expect(try await client.send(.init(method: "HEAD", url: Self.url(test, "/large"))).body.isEmpty)
                #expect(try await client.send(.init(method: "POST", url: Self.url(test))).body.isEmpty)
                #expect(try await client.send(.init(method: "PUT", url: Self.url(test), body: body)).body == body)
            }
        }
    }

    @Test func `connections are used again`() async throws {
        try await TestServer.run { test in
            try await Self.run(connections: 4) { client in
                for _ in 0..<50 { _ = try await client.send(.init(method: "POST", url: Self.url(test), body: [1, 2, 3])) }
                #expect(test.server.connections == 1)
                let url = Self.url(test)
                let answered = await withTaskGroup { group in
                    for number in 0..<500 {
                        group.addTask {
                            try? await client.send(.init(method: "POST", url: url, body: Array("\(number)".utf8))).body
                                == Array("\(number)".utf8)
                        }
                    }
                    return await group.reduce(0) { $0 + ($1 == true ? 1 : 0) }
                }
                #expect(answered == 500)
                #expect(test.server.connections <= 4)
            }
        }
    }

    @Test func `an answer that takes too long is a timeout, and the next request is served`() async throws {
        try await TestServer.run { test in
            try await Self.run { client in
                let slow = ClientRequest(url: Self.url(test, "/hold"), timeout: .milliseconds(100))
                await #expect(throws: ClientFailure.timeout) { try await client.send(slow) }
                let next = try await client.send(.init(url: Self.url(test)))
                #expect(next.status == 200)
            }
        }
    }

    @Test func `a task that is cancelled gives up its request, before or while it is under way`() async throws {
        try await TestServer.run { test in
            try await Self.run { client in
                let held = ClientRequest(url: Self.url(test, "/hold"))
                let task = Task { try await client.send(held) }
                await test.responder.arrived(1)
                task.cancel()
                await #expect(throws: ClientFailure.cancelled) { try await task.value }
                let early = Task {
                    withUnsafeCurrentTask { $0?.cancel() }
                    return try await client.send(held)
                }
                await #expect(throws: ClientFailure.cancelled) { try await early.value }
            }
        }
    }

    @Test func `an answer beyond the limit is refused, one of exactly the limit is not`() async throws {
        try await TestServer.run { test in
            try await Self.run { client in
                let url = Self.url(test, "/large")
                let exact = try await client.send(.init(url: url, bodyLimit: 8_000_000))
                #expect(exact.body.count == 8_000_000)
                await #expect(throws: ClientFailure.bodyTooLarge) { try await client.send(.init(url: url, bodyLimit: 7_999_999)) }
            }
        }
    }

    @Test(arguments: [
        ("ftp://127.0.0.1/", ClientFailure.url), ("file:///etc/hostname", .url), ("nonsense:", .url), ("", .url),
        ("http://name.invalid/", .name),
    ])
    func `a URL that leads nowhere says why`(_ url: String, _ failure: ClientFailure) async throws {
        try await Self.run { client in
            let request = ClientRequest(url: url)
            await #expect(throws: failure) { try await client.send(request) }
        }
    }

    @Test func `a host that does not listen, and one that speaks no TLS, are told apart`() async throws {
        var port: UInt16 = 0
        try await TestServer.run { test in
            port = test.port
            try await Self.run { client in
                await #expect(throws: ClientFailure.tls) { try await client.send(.init(url: "https://127.0.0.1:\(test.port)/")) }
            }
        }
        let closed = port
        try await Self.run { client in
            await #expect(throws: ClientFailure.connect) { try await client.send(.init(url: "http://user:secret@127.0.0.1:\(closed)/")) }
        }
    }

    @Test(arguments: [("X-A", "a\r\nX-B: b"), ("X A", "a"), ("", "a"), ("X-A", "a\0b")])
    func `a header that would forge another is refused before anything is sent`(_ name: String, _ value: String) async throws {
        try await Self.run { client in
            let request = ClientRequest(url: "http://127.0.0.1:9/", headers: Headers([(name, value)]))
            await #expect(throws: ClientFailure.request) { try await client.send(request) }
        }
    }

    @Test func `closing ends what is under way, and what comes afterwards`() async throws {
        try await TestServer.run { test in
            try await Self.run { client in
                let held = ClientRequest(url: Self.url(test, "/hold"))
                let task = Task { try await client.send(held) }
                await test.responder.arrived(1)
                await client.close()
                await #expect(throws: ClientFailure.closed) { try await task.value }
                await #expect(throws: ClientFailure.closed) { try await client.send(held) }
                // The server can't tell a client that is gone from one that has only finished sending, until it answers.
                test.responder.open()
                try await until { test.server.connections == 0 }
            }
        }
    }
}

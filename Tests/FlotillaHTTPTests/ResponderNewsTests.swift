// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaRuntime
import Testing

/// What a responder hears beside the requests themselves: when they began, and which of them never reached it.
@Suite(.timeLimit(.minutes(1))) struct ResponderNewsTests {
    @Test func `a request's arrival is its first byte, not the end of its body and not the end of the request before it`() async throws {
        try await TestServer.run { test in
            let client = try RawClient(port: test.port)
            // The loop may come to read a while after the client has sent: so much longer are the pauses.
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Le")
            #expect(!client.waitForInput(milliseconds: 250))
            try client.send("ngth: 4\r\n\r\nsl")
            #expect(!client.waitForInput(milliseconds: 250))
            #expect(try client.exchange("ow").body == "slow")
            #expect(!client.waitForInput(milliseconds: 500))
            #expect(try client.exchange(post("/", "fast")).body == "fast")
            let waits = test.responder.waits
            #expect(waits.count == 2)
            #expect(waits[0] >= .milliseconds(300))
            #expect(waits[1] < waits[0])
        }
    }

    @Test func `a request that was sent ahead counts from when it came`() async throws {
        try await TestServer.run { test in
            let client = try RawClient(port: test.port)
            try client.send(post("/hold", "one") + post("/", "two"))
            await test.responder.arrived(1)
            #expect(!client.waitForInput(milliseconds: 300))
            test.responder.open()
            await test.responder.arrived(2)
            #expect(test.responder.waits[1] >= .milliseconds(150))
        }
    }

    @Test(arguments: [
        ("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n", "413 /a"),
        ("POST /b?c HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "y", count: 17_000))", "431 /b?c"),
        ("POST /d HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n", "400 /d"),
        ("POST /e HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "400 /e"),
        ("POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n", "503 /f"),
        (post("/g", "g") + "POST", "408 nowhere"), ("nonsense\r\n", "400 nowhere"),
    ])
    func `what the session refuses by itself is told with its target`(text: String, told: String) async throws {
        var limits = Limits()
        limits.bodyBytes = 1000
        limits.headTime = .milliseconds(100)
        try await TestServer.run(limits: limits, inflight: InflightBytes(limit: 800)) { test in
            let client = try RawClient(port: test.port)
            try client.send(text)
            try await until { !test.responder.refusals.isEmpty }
            #expect(test.responder.refusals == [told])
        }
    }
}

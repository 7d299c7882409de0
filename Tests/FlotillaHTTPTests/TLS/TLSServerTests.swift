// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import FlotillaHTTP
import FlotillaRuntime
import Foundation
import TestSupport
import Testing

/// The session behind TLS is the one of the plain tests; here is what TLS adds to it.
@Suite(.timeLimit(.minutes(1)))
struct TLSServerTests {
    private func withServer(_ limits: Limits = Limits(), _ body: (TestServer, TLSCredentials) async throws -> Void) async throws {
        let credentials = TLSCredentials(try TestCertificate.first.identity)
        try await TestServer.run(limits: limits, tls: credentials) { try await body($0, credentials) }
    }

    @Test(
        "requests are served one after the other, ahead of their answers, in chunks and large, over TLS 1.2 and 1.3",
        arguments: [RawClient.TLSVersion.tls12, .tls13])
    func serves(_ version: RawClient.TLSVersion) async throws {
        try await withServer { test, _ in
            let port = test.port
            try await onThread {
                let client = try RawClient.secured(port, version)
                #expect(try client.exchange(post("/", "one")).body == "one")
                #expect(try client.exchange(post("/peer", "")).body == "local")
                try client.send((0..<50).map { post("/\($0)", "body \($0)") }.joined())
                for index in 0..<50 { #expect(try client.answer().body == "body \(index)") }
                let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
                #expect(try client.exchange(chunked).body == "abc")
                let large = String(repeating: "0123456789abcdef", count: 65536)
                #expect(try client.exchange(post("/", large)).body == large)
                #expect(try client.exchange("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").status == 404)
                try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
                #expect(try client.answer().status == 100)
                #expect(try client.exchange("ok").body == "ok")
                try client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                #expect(try client.answer().has("Connection: close"))
                #expect(try client.ends())
            }
        }
    }

    @Test func `a refusal of the session reaches the client, and a goodbye behind it`() async throws {
        try await withServer { test, _ in
            let port = test.port
            try await onThread {
                let client = try RawClient.secured(port)
                #expect(try client.exchange("GET / HTTP/2.0\r\n\r\n").status == 400)
                #expect(try client.ends())
            }
        }
    }

    @Test func `TLS before 1.2 is refused`() async throws {
        try await withServer { test, _ in
            let port = test.port
            _ = try await onThread { #expect(throws: RawClient.Failure.self) { try RawClient.secured(port, .tls11) } }
        }
    }

    @Test(
        "of the protocols that a client offers, only HTTP/1.1 is taken, and a client that offers only others is refused",
        arguments: [([], ""), (["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1"), (["h2"], nil), (["http/1.0", "http/1"], nil)]
            as [([String], String?)])
    func negotiates(_ offered: [String], _ chosen: String?) async throws {
        try await withServer { test, _ in
            let port = test.port
            try await onThread {
                let client = try RawClient(port: port)
                guard let chosen else {
                    #expect(throws: RawClient.Failure.self) { try client.secure(protocols: offered) }
                    return
                }
                try client.secure(protocols: offered)
                #expect(client.chosenProtocol == chosen)
                #expect(try client.exchange(post("/", "one")).body == "one")
            }
        }
    }

    @Test func `a client without TLS is told what this port speaks`() async throws {
        try await withServer { test, _ in
            let client = try RawClient(port: test.port)
            let answer = try client.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(answer.status == 400)
            #expect(answer.body.contains("HTTPS"))
            #expect(try client.ends())
        }
    }

    @Test func `a client that has said that it sends no more is answered, whether it said so by TLS or only by TCP`() async throws {
        try await withServer { test, _ in
            for isByTLS in [true, false] {
                let client = try RawClient.secured(test.port, .tls12)
                try client.send(post("/hold", "half"))
                await test.responder.arrived(isByTLS ? 1 : 2)
                if isByTLS { client.finishSending() } else { shutdown(client.descriptor, Int32(SHUT_WR)) }
                #expect(!isByTLS || !client.waitForInput(milliseconds: 50))
                test.responder.open()
                #expect(try client.answer().body == "half")
            }
        }
    }

    @Test func `a handshake that is not over in time ends the connection, however it trickles`() async throws {
        var limits = Limits()
        limits.handshakeTime = .milliseconds(200)
        try await withServer(limits) { test, _ in
            let port = test.port
            try await onThread {
                let silent = try RawClient(port: port)
                #expect(try silent.ends())
                let client = try RawClient(port: port)
                let hello = try client.hello()
                var sent = 0
                while sent < hello.count - 1, !client.waitForInput(milliseconds: 20) {
                    try client.sendPlainly([hello[sent]])
                    sent += 1
                }
                let rest = try client.rest()
                #expect(rest == [], "\(rest)")
                #expect(sent < 200)
            }
        }
    }

    @Test func `a record that trickles is 408 when the time of a head is over`() async throws {
        var limits = Limits()
        limits.headTime = .milliseconds(200)
        try await withServer(limits) { test, _ in
            let port = test.port
            try await onThread {
                let client = try RawClient.secured(port)
                #expect(try client.exchange(post("/", "one")).status == 200)
                let record = try client.encrypted(post("/", String(repeating: "x", count: 500)))
                var sent = 0
                while sent < record.count - 1, !client.waitForInput(milliseconds: 20) {
                    try client.sendPlainly([record[sent]])
                    sent += 1
                }
                #expect(sent < 200)
            }
            try await until { test.server.connections == 0 }
        }
    }

    @Test func `bytes that are no TLS end their connection alone`() async throws {
        try await withServer { test, _ in
            let port = test.port
            try await onThread {
                let hello = try RawClient(port: port).hello()
                var random = Seeded(41)
                let neighbour = try RawClient.secured(port)
                for round in 0..<300 {
                    let client = try RawClient(port: port)
                    var bytes = hello
                    for _ in 0...Int.random(in: 0..<8, using: &random) {
                        bytes[Int.random(in: 1..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                    }
                    if round.isMultiple(of: 3) { bytes = Array(bytes.prefix(Int.random(in: 1..<bytes.count, using: &random))) }
                    try client.sendPlainly(bytes)
                    shutdown(client.descriptor, Int32(SHUT_WR))
                    _ = try? client.receiveAll()
                    // In the middle of a connection, too: what can't be authentic ends it.
                    if round.isMultiple(of: 20) {
                        let broken = try RawClient.secured(port)
                        var record = try broken.encrypted(post("/", "abc"))
                        record[Int.random(in: 5..<record.count, using: &random)] ^= 1
                        try broken.sendPlainly(record)
                        #expect(throws: RawClient.Failure.self) { try broken.answer() }
                    }
                }
                #expect(try neighbour.exchange(post("/", "still here")).body == "still here")
            }
            // Whoever counts hears of it.
            #expect(test.responder.refusals.count > 100)
            #expect(Set(test.responder.refusals) == ["400 nowhere"])
            try await until { test.server.connections <= 1 }
        }
    }

    @Test func `a client of TLS 1.2 that wants to negotiate again is not let, and the server goes on`() async throws {
        try await withServer { test, _ in
            let port = test.port
            try await onThread {
                let client = try RawClient.secured(port, .tls12)
                #expect(try client.exchange(post("/", "one")).status == 200)
                SSL_renegotiate(client.tls)
                // The refusal is a warning, which OpenSSL's client takes for the end.
                #expect(throws: (any Error).self) {
                    try client.send(post("/", "two"))
                    _ = try client.answer()
                }
                #expect(try RawClient.secured(port).exchange(post("/", "three")).body == "three")
            }
        }
    }

    @Test func `a new identity is shown to those who come after it, and nobody is cut off`() async throws {
        try await withServer { test, credentials in
            let old = try RawClient.secured(test.port)
            #expect(old.shown == TestCertificate.first.shown)
            try old.send(post("/hold", "held"))
            await test.responder.arrived(1)
            credentials.replace(with: try TestCertificate.second.identity)
            let new = try RawClient.secured(test.port)
            #expect(new.shown == TestCertificate.second.shown)
            test.responder.open()
            #expect(try old.answer().body == "held")
            #expect(try old.exchange(post("/", "again")).body == "again")
            #expect(try new.exchange(post("/", "new")).body == "new")
        }
    }

    @Test func `a drain says goodbye to what is idle, lets a handshake come to its request, and answers what is under way`() async throws {
        try await withServer { test, _ in
            // Blocking calls are made on other threads: the drain needs those of the pool.
            let port = test.port
            let (idle, held, begun) = try await onThread {
                (try RawClient.secured(port), try RawClient.secured(port), try RawClient(port: port))
            }
            let hello = try begun.hello()
            try await onThread {
                try held.send(post("/hold", "held"))
                try begun.sendPlainly(Array(hello.prefix(100)))
            }
            await test.responder.arrived(1)
            let behind = try await onThread { try idle.exchange(post("/", "behind the beginning")) }
            #expect(behind.status == 200)
            async let drained: Void = test.server.drain()
            let isIdleEnded = try await onThread { try idle.ends() }
            #expect(isIdleEnded)
            try await until { (try? RawClient(port: port)) == nil }
            #expect(test.server.connections == 2)
            try await onThread {
                try begun.sendPlainly(Array(hello.dropFirst(100)))
                #expect(begun.waitForInput(milliseconds: 5000))
                begun.close()
            }
            test.responder.open()
            let answer = try await onThread { try held.answer() }
            #expect(answer.body == "held")
            #expect(answer.has("Connection: close"))
            let isHeldEnded = try await onThread { try held.ends() }
            #expect(isHeldEnded)
            await drained
        }
    }

    @Test(
        "curl and openssl s_client get their answers",
        .enabled(if: TestTools.folder != nil, "FLOTILLA_TEST_TOOLS names no folder"))
    func others() async throws {
        try await withServer { test, _ in
            let port = test.port
            try await onThread {
                let url = "https://127.0.0.1:\(port)/"
                let large = String(repeating: "0123456789", count: 200_000)
                let curl = try Command.run("/usr/bin/curl", ["-sSk", "--data-binary", "@-", url, url], input: large)
                #expect(curl.status == 0)
                #expect(curl.output == large + large)
                let words = ["s_client", "-connect", "127.0.0.1:\(port)", "-quiet", "-verify_quiet", "-tls1_2"]
                let request = "GET /peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                let client = try Command.run(Command.openssl, words, input: request)
                #expect(client.output.hasSuffix("\r\n\r\nlocal"))
            }
        }
    }
}

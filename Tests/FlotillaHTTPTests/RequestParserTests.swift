// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import Testing

@Suite struct RequestParserTests {
    @Test(arguments: WireCases.all)
    func `each case gets its verdict`(_ wire: WireCase) {
        #expect(Feed.all(wire.bytes) == wire.verdict)
    }

    @Test(arguments: WireCases.all)
    func `where the bytes are cut changes nothing`(_ wire: WireCase) {
        // Every boundary of the short ones; of the long ones every boundary near the ends and a sample between.
        let step = wire.bytes.count > 1500 ? 97 : 1
        for cut in stride(from: 0, through: wire.bytes.count, by: step) {
            var feed = Feed()
            feed.feed(wire.bytes.prefix(cut))
            feed.feed(wire.bytes.dropFirst(cut))
            #expect(feed.verdict == wire.verdict, "cut after \(cut) bytes")
        }
        var trickle = Feed()
        for byte in wire.bytes { trickle.feed(CollectionOfOne(byte)) }
        #expect(trickle.verdict == wire.verdict, "byte by byte")
    }

    @Test func `a request is not served before its last byte`() {
        for wire in WireCases.served where wire.verdict.served.count == 1 && wire.verdict.refusal == nil {
            var feed = Feed()
            feed.feed(wire.bytes.dropLast())
            #expect(feed.verdict.served.isEmpty, "\(wire.name)")
        }
    }

    @Test func `a refusal is final`() {
        var feed = Feed()
        feed.feed(Array("nonsense\r\n".utf8))
        #expect(feed.verdict == .refused())
        var parser = RequestParser(limits: Limits())
        Array("nonsense\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8).withUnsafeBytes { bytes in
            var cursor = ByteCursor(bytes)
            #expect(parser.next(&cursor) == .refuse(.requestLine))
            #expect(parser.next(&cursor) == .more)
        }
    }

    @Test func `the client that waits for 100 Continue gets it once, and the one that has begun to send does not`() {
        let head = Array("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n".utf8)
        var waiting = Feed()
        waiting.feed(head)
        waiting.feed(Array("hel".utf8))
        waiting.feed(Array("lo".utf8))
        #expect(waiting.continues == 1)
        #expect(waiting.verdict == .body("hello"))
        var eager = Feed()
        eager.feed(head + Array("hello".utf8))
        #expect(eager.continues == 0)
        #expect(eager.verdict == .body("hello"))
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: foo, CLOSE\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", true),
        ("GET / HTTP/1.0\r\n\r\n", false),
        ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true),
        ("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false),
    ])
    func `a connection is kept as its version and its Connection header say`(_ text: String, _ keeps: Bool) {
        var parser = RequestParser(limits: Limits())
        Array(text.utf8).withUnsafeBytes { bytes in
            var cursor = ByteCursor(bytes)
            _ = parser.next(&cursor)
            guard case .request = parser.next(&cursor) else {
                Issue.record("not served")
                return
            }
            #expect(parser.keepsConnection == keeps)
        }
    }

    @Test func `the values of headers come trimmed, in order, and repeated ones apart`() {
        var parser = RequestParser(limits: Limits())
        Array("GET / HTTP/1.1\r\nHost: a\r\nX-A: \t b c \t\r\nx-a:d\r\nY:\r\n\r\n".utf8).withUnsafeBytes { bytes in
            var cursor = ByteCursor(bytes)
            guard case .head(let head) = parser.next(&cursor) else {
                Issue.record("no head")
                return
            }
            #expect(head.headers.all("X-A") == ["b c", "d"])
            #expect(head.headers["y"] == "")
            #expect(head.headers.fields.map(\.name) == ["Host", "X-A", "x-a", "Y"])
        }
    }
}

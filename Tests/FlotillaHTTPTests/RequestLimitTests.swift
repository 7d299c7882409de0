// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import Testing

/// Each limit is met exactly, and passed by one.
@Suite struct RequestLimitTests {
    private static func head(bytes: Int) -> [UInt8] {
        let bare = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n"
        return Array(bare.replacing("X: ", with: "X: " + String(repeating: "y", count: bytes - bare.utf8.count)).utf8)
    }

    @Test func `a head of exactly the limit is served, one byte more is 431`() {
        #expect(Feed.all(Self.head(bytes: 16384)) == .get())
        #expect(Feed.all(Self.head(bytes: 16385)) == .refused(431))
    }

    @Test func `a head that never ends is 431 as soon as the limit is full, whatever the pieces`() {
        for piece in [1, 7, 4096, 100_000] {
            var feed = Feed()
            var sent = 0
            while feed.verdict.refusal == nil, sent < 100_000 {
                feed.feed(repeatElement(UInt8(ascii: "a"), count: piece))
                sent += piece
            }
            #expect(feed.verdict == .refused(431))
            #expect(sent < 16384 + piece)
        }
    }

    @Test func `a hundred headers are served, one more is 431`() {
        func request(_ fields: Int) -> [UInt8] {
            Array(("GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: fields - 1) + "\r\n").utf8)
        }
        #expect(Feed.all(request(100)) == .get())
        #expect(Feed.all(request(101)) == .refused(431))
    }

    @Test func `a declared body of exactly the limit is served, one byte more is 413 before any of it came`() {
        var limits = Limits()
        limits.bodyBytes = 1000
        let body = String(repeating: "b", count: 1000)
        #expect(Feed.all(Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n\(body)".utf8), limits: limits) == .body(body))
        #expect(Feed.all(Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n".utf8), limits: limits) == .refused(413))
    }

    @Test func `chunks of exactly the limit are served, one byte more is 413 at the chunk that would pass it`() {
        var limits = Limits()
        limits.bodyBytes = 1000
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1f4\r\n\(String(repeating: "b", count: 500))\r\n"
        let rest = "1f4\r\n\(String(repeating: "b", count: 500))\r\n0\r\n\r\n"
        #expect(Feed.all(Array((head + rest).utf8), limits: limits) == .body(String(repeating: "b", count: 1000)))
        #expect(Feed.all(Array((head + "1f5\r\n").utf8), limits: limits) == .refused(413))
    }

    @Test func `chunk extensions are bounded over the whole body`() {
        var limits = Limits()
        limits.extensionBytes = 10
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(Feed.all(Array((head + "1;abcd\r\na\r\n1;abcd\r\nb\r\n0\r\n\r\n").utf8), limits: limits) == .body("ab"))
        #expect(Feed.all(Array((head + "1;abcd\r\na\r\n1;abcde\r\nb\r\n0\r\n\r\n").utf8), limits: limits) == .refused())
    }

    @Test func `a large declared length reserves nothing before the bytes come`() {
        var feed = Feed()
        feed.feed(Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 16777216\r\n\r\nabc".utf8))
        #expect(feed.heldBytes == 3)
        #expect(feed.waits)
    }
}

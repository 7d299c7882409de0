// SPDX-License-Identifier: Apache-2.0

/// The table that http-server research left us, and what was met since. The differential test starts from the same cases.
enum WireCases {
    static let all = lengths + encodings + chunks + lines + hosts + targets + served

    private static func post(_ fields: String, _ body: String = "") -> String {
        "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\(body)"
    }

    private static func chunked(_ body: String) -> String { post("Transfer-Encoding: chunked\r\n", body) }

    static let lengths: [WireCase] = [
        .init(
            "Content-Length with Transfer-Encoding", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), .refused()),
        .init(
            "Transfer-Encoding with Content-Length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), .refused()),
        .init(
            "Content-Length 0 with Transfer-Encoding", post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), .refused()),
        .init("two equal lengths", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), .refused()),
        .init("two unequal lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"), .refused()),
        .init("a list of lengths", post("Content-Length: 5, 5\r\n", "hello"), .refused()),
        .init("a length with a plus", post("Content-Length: +5\r\n", "hello"), .refused()),
        .init("a negative length", post("Content-Length: -1\r\n"), .refused()),
        .init("a length with a letter", post("Content-Length: 5x\r\n", "hello"), .refused()),
        .init("a hexadecimal length", post("Content-Length: 0x5\r\n", "hello"), .refused()),
        .init("a length with a space inside", post("Content-Length: 1 0\r\n", "0123456789"), .refused()),
        .init("an empty length", post("Content-Length:\r\n"), .refused()),
        .init("a length of 2^64", post("Content-Length: 18446744073709551616\r\n"), .refused()),
        .init("a length of 2^64 + 5", post("Content-Length: 18446744073709551621\r\n", "hello"), .refused()),
        .init("a length of 60 digits", post("Content-Length: \(String(repeating: "9", count: 60))\r\n"), .refused()),
        .init("a length of 2^64 - 1", post("Content-Length: 18446744073709551615\r\n"), .refused(413)),
        .init("a length of 2^63", post("Content-Length: 9223372036854775808\r\n"), .refused(413)),
        .init("a space before the colon of Content-Length", post("Content-Length : 5\r\n", "hello"), .refused()),
    ]

    static let encodings: [WireCase] = [
        .init("gzip alone", post("Transfer-Encoding: gzip\r\n"), .refused()),
        .init("gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), .refused()),
        .init("chunked, chunked", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), .refused()),
        .init("identity", post("Transfer-Encoding: identity\r\n"), .refused()),
        .init("xchunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), .refused()),
        .init("chunked;q=1", post("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n"), .refused()),
        .init("chunked in quotes", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), .refused()),
        .init("an empty encoding", post("Transfer-Encoding:\r\n", "0\r\n\r\n"), .refused()),
        .init("two encodings", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), .refused()),
        .init("chunked after identity", post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), .refused()),
        .init("a space before the colon", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), .refused()),
        .init("a tab before the colon", post("Transfer-Encoding\t: chunked\r\n", "0\r\n\r\n"), .refused()),
        .init("folded", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), .refused()),
        .init("a vertical tab before chunked", post("Transfer-Encoding: \u{0B}chunked\r\n", "0\r\n\r\n"), .refused()),
        .init("in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", .refused()),
    ]

    static let chunks: [WireCase] = [
        .init("a chunk size with 0x", chunked("0x5\r\nhello\r\n0\r\n\r\n"), .refused()),
        .init("a chunk size with a plus", chunked("+5\r\nhello\r\n0\r\n\r\n"), .refused()),
        .init("a negative chunk size", chunked("-5\r\nhello\r\n0\r\n\r\n"), .refused()),
        .init("no chunk size", chunked("\r\nhello\r\n0\r\n\r\n"), .refused()),
        .init("a space before a chunk size", chunked(" 5\r\nhello\r\n0\r\n\r\n"), .refused()),
        .init("a space after a chunk size", chunked("5 \r\nhello\r\n0\r\n\r\n"), .refused()),
        .init("a chunk size of 2^64", chunked("10000000000000000\r\nhello\r\n0\r\n\r\n"), .refused()),
        .init("a chunk size of 2^64 + 5", chunked("10000000000000005\r\nhello\r\n0\r\n\r\n"), .refused()),
        .init("a chunk size of 2^64 - 1", chunked("ffffffffffffffff\r\nhello\r\n0\r\n\r\n"), .refused(413)),
        .init("a chunk size that isn't hexadecimal", chunked("g\r\nhello\r\n0\r\n\r\n"), .refused()),
        .init("chunk data without CRLF", chunked("5\r\nhello0\r\n\r\n"), .refused()),
        .init("chunk data with LF alone", chunked("5\r\nhello\n0\r\n\r\n"), .refused()),
        .init("chunk data with CR alone", chunked("5\r\nhello\r0\r\n\r\n"), .refused()),
        .init("chunk data longer than its size", chunked("5\r\nhello!\r\n0\r\n\r\n"), .refused()),
        .init("a chunk size with LF alone", chunked("5\nhello\r\n0\r\n\r\n"), .refused()),
        .init("the last chunk with LF alone", chunked("5\r\nhello\r\n0\n\n"), .refused()),
        .init("an extension with LF alone", chunked("5;a\nhello\r\n0\r\n\r\n"), .refused()),
        .init("an extension without a name", chunked("5;\r\nhello\r\n0\r\n\r\n"), .refused()),
        .init("an extension with an open quote", chunked("5;a=\"b\r\nhello\r\n0\r\n\r\n"), .refused()),
        .init("an extension beyond its limit", chunked("5;\(String(repeating: "a", count: 2000))\r\nhello\r\n0\r\n\r\n"), .refused()),
        .init("a trailer without a colon", chunked("0\r\nnonsense\r\n\r\n"), .refused()),
        .init("a folded trailer", chunked("0\r\nA: b\r\n c\r\n\r\n"), .refused()),
        .init("a trailer with LF alone", chunked("0\r\nA: b\n\r\n"), .refused()),
        .init("a trailer beyond the head's limit", chunked("0\r\nA: \(String(repeating: "b", count: 17000))\r\n\r\n"), .refused(431)),
    ]

    static let lines: [WireCase] = [
        .init("LF alone after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", .refused()),
        .init("LF alone after a header", "GET / HTTP/1.1\r\nHost: a\n\r\n", .refused()),
        .init("LF alone at the end of the head", "GET / HTTP/1.1\r\nHost: a\r\n\n", .refused()),
        .init("CR alone in a header", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", .refused()),
        .init("CR alone at the end of a header", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\r\n\r\n", .refused()),
        .init("CR alone in the request line", "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\u{0}b\r\n\r\n", .refused()),
        .init("NUL in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\u{0}: b\r\n\r\n", .refused()),
        .init("NUL in the target", "GET /\u{0} HTTP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("a control character in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{1}\r\n\r\n", .refused()),
        .init("DEL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{7F}\r\n\r\n", .refused()),
        .init("a space in a name", "GET / HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n", .refused()),
        .init("a space before the colon of a header", "GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n", .refused()),
        .init("no name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", .refused()),
        .init("no colon", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", .refused()),
        .init("a name with a slash", "GET / HTTP/1.1\r\nHost: a\r\nX/Y: b\r\n\r\n", .refused()),
        .init("a name outside ASCII", "GET / HTTP/1.1\r\nHost: a\r\nXé: b\r\n\r\n", .refused()),
        .init("a folded header", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", .refused()),
        .init("a folded header with a tab", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tc\r\n\r\n", .refused()),
        .init("a space before the first header", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", .refused()),
        .init("version 0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", .refused()),
        .init("version 1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", .refused()),
        .init("version 2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", .refused()),
        .init("version 1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", .refused()),
        .init("version 01.1", "GET / HTTP/01.1\r\nHost: a\r\n\r\n", .refused()),
        .init("a version in small letters", "GET / http/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("another protocol", "GET / HTCPCP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("no version", "GET /\r\nHost: a\r\n\r\n", .refused()),
        .init("no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("an empty target", "GET  HTTP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("two spaces after the method", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("two spaces after the target", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("a tab after the method", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("a space after the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .refused()),
        .init("a space before the method", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("three empty lines first", "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("LF alone first", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("a TLS greeting", bytes: [0x16, 0x03, 0x01, 0x02, 0x00, 0x01], .refused()),
        .init("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .refused()),
    ]

    static let hosts: [WireCase] = [
        .init("no Host in HTTP/1.1", "GET / HTTP/1.1\r\n\r\n", .refused()),
        .init("two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .refused()),
        .init("two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", .refused()),
        .init("an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", .refused()),
        .init("a Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", .refused()),
        .init("a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", .refused()),
        .init("a Host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", .refused()),
        .init("a Host with a port of letters", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", .refused()),
        .init("a Host with an open bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", .refused()),
        .init("no Host in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", .get()),
        .init("a Host with a port", "GET / HTTP/1.1\r\nHost: a.example:8080\r\n\r\n", .get()),
        .init("a Host of IPv6", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", .get()),
    ]

    static let targets: [WireCase] = [
        .init("a target with a fragment", "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("a target with a space", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("a target outside ASCII", "GET /é HTTP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("a target without a slash", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("a star for GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("a star for OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", .served(.init(method: "OPTIONS", target: "*"))),
        .init("CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", .refused()),
        .init("a method in small letters", "get / HTTP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("a method with a colon", "G:T / HTTP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("no method", " / HTTP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("a whole URI", "GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n", .get("/b?c")),
        .init("a whole URI without a path", "GET http://a HTTP/1.1\r\nHost: A\r\n\r\n", .get("/")),
        .init("a whole URI of another host", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("a whole URI without a host", "GET http:///b HTTP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("a whole URI of another scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", .refused()),
        .init("a path and a query", "GET /a/b%20c?d=e&f[]=g HTTP/1.1\r\nHost: a\r\n\r\n", .get("/a/b%20c?d=e&f[]=g")),
    ]

    static let served: [WireCase] = [
        .init("a body", post("Content-Length: 5\r\n", "hello"), .body("hello")),
        .init("no body", post(""), .body("")),
        .init("a body of nothing", post("Content-Length: 0\r\n"), .body("")),
        .init("a length with zeros before it", post("Content-Length: 0005\r\n", "hello"), .body("hello")),
        .init("spaces and tabs around a value", post("Content-Length: \t5 \t\r\n", "hello"), .body("hello")),
        .init("no space before a value", post("Content-Length:5\r\n", "hello"), .body("hello")),
        .init("names in capitals", "POST / HTTP/1.1\r\nHOST: a\r\nCONTENT-LENGTH: 5\r\n\r\nhello", .body("hello")),
        .init("an empty value", post("X:\r\nContent-Length: 2\r\n", "hi"), .body("hi")),
        .init("a value outside ASCII", post("X: é\r\nContent-Length: 2\r\n", "hi"), .body("hi")),
        .init("chunks", chunked("5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n"), .body("hello, world")),
        .init("chunks in capitals", post("Transfer-Encoding: CHUNKED\r\n", "A\r\n0123456789\r\n0\r\n\r\n"), .body("0123456789")),
        .init("a chunk size with zeros before it", chunked("0000000005\r\nhello\r\n000\r\n\r\n"), .body("hello")),
        .init("chunks of nothing", chunked("0\r\n\r\n"), .body("")),
        .init("an extension", chunked("5;a\r\nhello\r\n0;b=c\r\n\r\n"), .body("hello")),
        .init("an extension in quotes", chunked("5;a=\"b \\\" c\"\r\nhello\r\n0\r\n\r\n"), .body("hello")),
        .init("trailers", chunked("5\r\nhello\r\n0\r\nA: b\r\nContent-Length: 9\r\n\r\n"), .body("hello")),
        .init("two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .get()),
        .init("HTTP/1.0 with a body", "POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello", .body("hello")),
        .init("100-continue", post("Expect: 100-continue\r\nContent-Length: 5\r\n", "hello"), .body("hello")),
        .init("another expectation", post("Expect: a miracle\r\nContent-Length: 5\r\n", "hello"), .refused(417)),
        .init(
            "three requests at once",
            post("Content-Length: 5\r\n", "hello") + chunked("2\r\nhi\r\n0\r\n\r\n") + "GET /c HTTP/1.1\r\nHost: a\r\n\r\n",
            .served(.init(body: "hello"), .init(body: "hi"), .init(method: "GET", target: "/c"))),
        .init(
            "an empty line between requests", post("Content-Length: 2\r\n", "hi") + "\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\n",
            .served(.init(body: "hi"), .init(method: "GET", target: "/c"))),
        .init(
            "nonsense after a request", post("Content-Length: 2\r\n", "hi") + "nonsense\r\n\r\n",
            Verdict(served: [.init(body: "hi")], refusal: 400)),
        .init("a body that is not whole", post("Content-Length: 6\r\n", "hello"), .waiting),
        .init("chunks that are not whole", chunked("5\r\nhello\r\n0\r\n"), .waiting),
        .init("a head that is not whole", "POST / HTTP/1.1\r\nHost: a\r\n", .waiting),
    ]
}

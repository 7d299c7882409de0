// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import Testing

/// Bytes as a client would send them, and what the session must make of them.
struct WireCase: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let verdict: Verdict

    init(_ name: String, _ text: String, _ verdict: Verdict) {
        self.name = name
        bytes = Array(text.utf8)
        self.verdict = verdict
    }

    init(_ name: String, bytes: [UInt8], _ verdict: Verdict) {
        self.name = name
        self.bytes = bytes
        self.verdict = verdict
    }

    var testDescription: String { name }
}

/// The requests that were served, and how it ended: refused with a status, or waiting for more.
struct Verdict: Equatable, Sendable {
    var served: [Served] = []
    var refusal: Int?

    struct Served: Equatable, Sendable {
        var method = "POST"
        var target = "/"
        var body = ""
    }

    static func refused(_ status: Int = 400) -> Verdict { Verdict(refusal: status) }
    static func served(_ requests: Served...) -> Verdict { Verdict(served: requests) }
    static func body(_ body: String) -> Verdict { Verdict(served: [Served(body: body)]) }
    static func get(_ target: String = "/") -> Verdict { Verdict(served: [Served(method: "GET", target: target)]) }
    static let waiting = Verdict()
}

/// Hands the bytes to a fresh parser in pieces, the way a connection does: what was not taken is handed in again.
struct Feed {
    var verdict = Verdict()
    var continues = 0
    private var parser: RequestParser
    private var pending: [UInt8] = []

    init(limits: Limits = Limits()) {
        parser = RequestParser(limits: limits)
    }

    var waits: Bool { verdict.refusal == nil && (!parser.isIdle || !pending.isEmpty) }

    var heldBytes: Int { parser.heldBytes }

    mutating func feed(_ bytes: some Collection<UInt8>) {
        guard verdict.refusal == nil else { return }
        pending.append(contentsOf: bytes)
        let input = pending
        input.withUnsafeBytes { buffer in
            var cursor = ByteCursor(buffer)
            steps: while true {
                switch parser.next(&cursor) {
                case .more: break steps
                case .head, .discarded: continue
                case .sendContinue: continues += 1
                case .request(let request):
                    verdict.served.append(
                        .init(method: request.head.method, target: request.head.target, body: String(decoding: request.body, as: UTF8.self))
                    )
                case .refuse(let refusal):
                    verdict.refusal = refusal.status
                    break steps
                }
            }
            pending.removeFirst(cursor.taken)
        }
    }

    static func all(_ bytes: [UInt8], limits: Limits = Limits()) -> Verdict {
        var feed = Feed(limits: limits)
        feed.feed(bytes)
        return feed.verdict
    }
}

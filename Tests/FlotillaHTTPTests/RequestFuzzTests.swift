// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import Foundation
import TestSupport
import Testing

/// Cases of the table, bent: bytes changed, dropped, doubled, pieces of other cases put in.
enum Mutation {
    private static let spice: [[UInt8]] = [
        "\r\n", "\n", "\r", " ", "\t", "\0", ":", ";", ",", "0", "5", "ffffffff", "chunked", "Content-Length: 3\r\n",
        "Transfer-Encoding: chunked\r\n", "Host: b\r\n", "HTTP/1.0", "\r\n\r\n", "POST / HTTP/1.1\r\n", "\u{7F}", "é",
        "Connection: close\r\n",
    ].map { Array($0.utf8) }

    private static let short = WireCases.all.filter { $0.bytes.count < 1500 }
    private static let servable = short.filter { !$0.verdict.served.isEmpty }

    static func make(_ seed: UInt64) -> [UInt8] {
        var random = Seeded(seed)
        // Half of them begin as something that would be served: what is refused twice over finds little.
        func pick() -> [UInt8] {
            let cases = Bool.random(using: &random) ? short : servable
            return cases[Int.random(in: 0..<cases.count, using: &random)].bytes
        }
        var bytes = pick()
        if Bool.random(using: &random) { bytes += pick() }
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(bytes[place], at: place)
            case 3: bytes.insert(contentsOf: spice[Int.random(in: 0..<spice.count, using: &random)], at: place)
            case 4: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...8, using: &random)))
            default: bytes[place] ^= 0x20
            }
        }
        return bytes
    }
}

@Suite struct RequestFuzzTests {
    @Test func `mutated requests get one verdict however they are cut, and a refusal takes no more`() {
        for seed in 0..<UInt64(Fuzz.cases) {
            let bytes = Mutation.make(seed)
            let whole = Feed.all(bytes)
            var random = Seeded(seed &+ 1)
            var feed = Feed()
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...max(1, min(rest.count, 40)), using: &random))
                feed.feed(piece)
                rest = rest.dropFirst(piece.count)
            }
            guard feed.verdict == whole else {
                Issue.record("seed \(seed): \(whole) whole, \(feed.verdict) in pieces")
                return
            }
            let body = whole.served.reduce(0) { $0 + $1.body.utf8.count }
            // Replacement characters of bytes that are no text take three bytes each.
            guard body <= bytes.count * 3 else {
                Issue.record("seed \(seed): more came out than went in")
                return
            }
        }
    }
}

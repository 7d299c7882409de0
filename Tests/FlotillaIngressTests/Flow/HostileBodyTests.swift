// SPDX-License-Identifier: Apache-2.0

import FlotillaHTTP
import FlotillaIngress
import FlotillaModel
import FlotillaRuntime
import TestSupport
import Testing

/// Bodies that were made to hurt whoever reads them. A verified one is accepted as what it is, in a time that does not grow beyond
/// its length; the limit is far above what any of them takes.
@Suite(.timeLimit(.minutes(2))) struct HostileBodyTests {
    struct Body: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let bytes: [UInt8]
        let type: String

        init(_ description: String, _ type: String, _ begin: String, _ piece: String, _ count: Int, _ end: String) {
            testDescription = description
            self.type = type
            bytes = Array(begin.utf8) + Array(repeating: Array(piece.utf8), count: count).joined() + Array(end.utf8)
        }
    }

    static let bodies = [
        Body("100,000 levels of arrays", "shop.unknown", #"{"type":"a.b","x":"#, "[", 100_000, ""),
        Body(
            "100,000 levels, closed again", "shop.unknown", #"{"type":"a.b","x":"#, "[", 100_000,
            String(repeating: "]", count: 100_000) + "}"),
        Body("100,000 levels of objects", "shop.unknown", "", #"{"type":"#, 100_000, ""),
        Body("a number of 4,000,000 digits", "shop.a.b", #"{"type":"a.b","x":"#, "1234", 1_000_000, "}"),
        Body("a number of 4,000,000 digits for a type", "shop.unknown", #"{"type":"#, "1234", 1_000_000, "}"),
        Body("an exponent without end", "shop.a.b", #"{"type":"a.b","x":1e"#, "9", 4_000_000, "}"),
        Body("400,000 equal keys, the last one counts", "shop.a.b", "{", #""type":"x","#, 400_000, #""type":"a.b"}"#),
        Body("400,000 equal keys in escapes", "shop.x", #"{"type":"a.b","#, #""\u0074ype":"x","#, 400_000, #""y":1}"#),
        Body("a key of 4 MB", "shop.a.b", #"{"type":"a.b",""#, "k", 4_000_000, #"":1}"#),
        Body("a key of 4 MB in escapes", "shop.a.b", #"{"type":"a.b",""#, #"\u0074"#, 666_666, #"":1}"#),
        Body("a type of 4 MB", "shop.unknown", #"{"type":""#, "a", 4_000_000, #""}"#),
        Body("4 MB of blanks", "shop.a.b", #"{"type":"a.b"}"#, " ", 4_000_000, ""),
        Body("2,000,000 numbers", "shop.a.b", #"{"type":"a.b","x":["#, "1,", 2_000_000, "1]}"),
        Body("quotes in escapes", "shop.a.b", #"{"type":"a.b","x":""#, #"\""#, 2_000_000, #""}"#),
        Body("halves of surrogates", "shop.a.b", #"{"type":"a.b","x":""#, #"\ud83d"#, 600_000, #""}"#),
        Body("4 MB of nothing", "shop.unknown", "", "\0", 4_000_000, ""),
    ]

    @Test("a hostile body that is verified is accepted as what it is, in time", arguments: bodies)
    func accepted(_ body: Body) async throws {
        try await arrives(body.bytes, as: body.type)
    }

    @Test(
        "invalid UTF-8 is no JSON, and is accepted as bytes",
        arguments: [[0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xE2, 0x82], [0x80]] as [[UInt8]])
    func notUTF8(bytes: [UInt8]) async throws {
        try await arrives(Array(#"{"type":"a.b","x":""#.utf8) + bytes + Array(#""}"#.utf8), as: "shop.unknown")
    }

    private func arrives(_ bytes: [UInt8], as type: String) async throws {
        let door = try Door()
        let sent = try door.signed("shop", bytes: bytes)
        let answer = try await within(.seconds(20)) { await door.answer(sent) }
        #expect(answer.status == 202)
        let event = try #require(door.publisher.published.first?.first)
        #expect(event.type == type)
        #expect(event.data == bytes)
    }
}

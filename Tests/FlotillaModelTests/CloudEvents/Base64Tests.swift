// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import TestSupport
internal import Testing

@testable internal import FlotillaModel

@Suite struct Base64Tests {
    @Test("What is encoded is what Foundation encodes, and decodes to the same bytes")
    func roundTrip() {
        var random = Seeded(11)
        for length in 0..<300 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            let text = Base64.encode(bytes)
            #expect(text == Data(bytes).base64EncodedString())
            #expect(Base64.decode(text) == bytes)
        }
    }

    @Test(
        "Anything but the one right form is refused",
        arguments: [
            "A", "AA", "AAA", "AA=", "A===", "====", "=", "AA==AAAA", "A=AA", "AA=A", "AAA=AAAA", "AB==", "AAB=", "AAA\n", " AAA", "AA_-",
            "AA-A", "AAé", "AAAA=", "AAAA====", "\u{0}AAA",
        ])
    func refused(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}

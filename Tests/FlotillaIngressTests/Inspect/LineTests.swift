// SPDX-License-Identifier: Apache-2.0

import FlotillaIngress
import FlotillaModel
import Testing

/// Lines as other programs write them.
@Suite struct LineTests {
    @Test("what is null counts as absent, and so does an empty setting", arguments: ["github.jsonl", "generic-hmac.jsonl"])
    func absent(_ file: String) throws {
        let vector = try #require(try VectorTests.vectors(file).first { $0.isValid })
        let plain = String(decoding: vector.line, as: UTF8.self)
        let other = plain.contains(#""body_b64""#) ? "body" : "body_b64"
        let config = #""config":{"timestamp_header":null,"id_header":"","#
        let written = "{\"\(other)\":null," + plain.dropFirst().replacing(#""config":{"#, with: config).replacing(",}", with: "}")
        var inspector = Inspector(guesses: 0)
        let verdict = inspector.verdict(on: Array(written.utf8))
        #expect(verdict.isAccepted, "\(verdict)")
    }
}

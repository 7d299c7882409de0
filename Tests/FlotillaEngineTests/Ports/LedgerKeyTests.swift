// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import Testing

struct LedgerKeyTests {
    @Test func `a key is the same in every version, as the stores keep it`() throws {
        let key = try LedgerKey(consumer: "email", source: "/hooks/stripe", id: "evt_1")
        let bytes: [UInt8] = [0xE2, 0x4B, 0x7C, 0xD0, 0xF0, 0x7D, 0x45, 0xBB, 0xC4, 0xE9, 0x79, 0x47, 0x3A, 0xF9, 0x23, 0x08]
        #expect(key.bytes == bytes)
    }

    @Test func `no two triples read the same`() throws {
        let triples = [("ab", "c", "d"), ("a", "bc", "d"), ("a", "b", "cd"), ("abcd", "", ""), ("", "abcd", ""), ("", "", "abcd")]
        let keys = try triples.map { try LedgerKey(consumer: $0.0, source: $0.1, id: $0.2) }
        #expect(Set(keys).count == triples.count)
    }
}

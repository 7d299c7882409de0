// SPDX-License-Identifier: Apache-2.0

import FlotillaCrypto
import Testing

@Suite struct DigestTests {
    @Test(
        "a vector of FIPS 180-2 is computed",
        arguments: [
            (utf8(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (utf8("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                utf8("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (repeated(0x61, 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        ])
    func published(message: [UInt8], digest: String) throws {
        #expect(try Hex.encode(Digest.sha256(message)) == digest)
        #expect(try Digest.sha256(Array(message.prefix(40)), [], Array(message.dropFirst(40))) == Digest.sha256(message))
    }
}

@Suite struct HexTests {
    @Test("every byte is written in lower case and read back")
    func everyByte() {
        let bytes = Array(UInt8.min...UInt8.max)
        #expect(Hex.encode([0x00, 0x0F, 0xA0, 0xFF]) == "000fa0ff")
        #expect(Hex.decode(Hex.encode(bytes)) == bytes)
        #expect(Hex.decode("") == [])
    }

    @Test("what is not lower-case hexadecimal is not read", arguments: ["0", "0A", "fF", "0x", "g0", " 00", "00\n", "é0", "０0"])
    func refused(text: String) {
        #expect(Hex.decode(text) == nil)
    }
}

@Suite struct ConstantTimeTests {
    @Test(
        "two codes are equal only if every byte is, and their lengths",
        arguments: [
            ([], [], true), ([1, 2, 3], [1, 2, 3], true), ([1, 2, 3], [1, 2, 4], false), ([0, 2, 3], [1, 2, 3], false),
            ([1, 2, 3], [1, 2], false), ([1, 2], [1, 2, 3], false), ([], [0], false),
        ] as [([UInt8], [UInt8], Bool)])
    func equality(left: [UInt8], right: [UInt8], equal: Bool) {
        #expect(constantTimeEquals(left, right) == equal)
        #expect(constantTimeEquals(Hex.encode(left)[...], Hex.encode(right)) == equal)
    }
}

@Suite struct RandomTests {
    @Test("as many bytes come as were asked for, and others each time")
    func fresh() throws {
        #expect(try Random.bytes(0).isEmpty)
        #expect(try Random.bytes(33).count == 33)
        let drawn = try (0..<100).map { _ in try Random.bytes(16) }
        #expect(Set(drawn).count == 100)
    }

    @Test("a count that makes no sense is refused")
    func refused() {
        #expect(throws: CryptoFailure.failed("RAND_bytes")) { try Random.bytes(-1) }
        #expect(throws: CryptoFailure.failed("RAND_bytes")) { try Random.bytes(Int.max) }
    }
}

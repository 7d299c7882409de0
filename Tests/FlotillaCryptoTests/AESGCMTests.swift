// SPDX-License-Identifier: Apache-2.0

import FlotillaCrypto
import Testing

@Suite struct AESGCMTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let key: String
        let nonce: String
        let associated: String
        let plain: String
        let text: String
        let tag: String

        var sealed: [UInt8] { bytes(nonce + text + tag) }
    }

    /// Of the GCM specification that NIST took over (McGrew and Viega).
    static let vectors = [
        Vector(
            testDescription: "test case 13: nothing sealed", key: String(repeating: "00", count: 32),
            nonce: String(repeating: "00", count: 12),
            associated: "", plain: "", text: "", tag: "530f8afbc74536b9a963b4f1c4cb738b"),
        Vector(
            testDescription: "test case 14: one block", key: String(repeating: "00", count: 32), nonce: String(repeating: "00", count: 12),
            associated: "", plain: String(repeating: "00", count: 16), text: "cea7403d4d606b6e074ec5d3baf39d18",
            tag: "d0d1c8a799996bf0265b98b5d48ab919"),
        Vector(
            testDescription: "test case 16: associated bytes and a part of a block",
            key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", nonce: "cafebabefacedbaddecaf888",
            associated: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            plain: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            text: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
            tag: "76fc6ece0f4e1768cddf8853bb2d551b"),
    ]

    @Test("a published message is opened", arguments: vectors)
    func published(_ vector: Vector) throws {
        #expect(try AESGCM.open(vector.sealed, key: bytes(vector.key), associated: bytes(vector.associated)) == bytes(vector.plain))
    }

    @Test("a published message is not opened once any bit of it, of its key or of its associated bytes has changed", arguments: vectors)
    func changed(_ vector: Vector) {
        let (key, associated) = (bytes(vector.key), bytes(vector.associated))
        for bit in 0..<(vector.sealed.count * 8) {
            #expect(throws: CryptoFailure.notAuthentic) { try AESGCM.open(flipped(vector.sealed, bit), key: key, associated: associated) }
        }
        for bit in 0..<(key.count * 8) {
            #expect(throws: CryptoFailure.notAuthentic) { try AESGCM.open(vector.sealed, key: flipped(key, bit), associated: associated) }
        }
        for bit in 0..<(associated.count * 8) {
            #expect(throws: CryptoFailure.notAuthentic) { try AESGCM.open(vector.sealed, key: key, associated: flipped(associated, bit)) }
        }
        #expect(throws: CryptoFailure.notAuthentic) { try AESGCM.open(vector.sealed, key: key, associated: associated + [0]) }
        for length in 0..<vector.sealed.count {
            #expect(throws: CryptoFailure.notAuthentic) {
                try AESGCM.open(Array(vector.sealed.prefix(length)), key: key, associated: associated)
            }
        }
    }

    @Test("what was sealed is opened again, at every length, with a fresh nonce each time")
    func roundTrip() throws {
        let key = try Random.bytes(32)
        var sealings = Set<[UInt8]>()
        for length in Array(0..<70) + [65_536, 1_000_003] {
            let plain = repeated(UInt8(truncatingIfNeeded: length), length)
            let sealed = try AESGCM.seal(plain, key: key, associated: utf8("row \(length)"))
            #expect(sealed.count == length + AESGCM.overhead)
            #expect(try AESGCM.open(sealed, key: key, associated: utf8("row \(length)")) == plain)
            #expect(sealings.insert(Array(sealed.prefix(12))).inserted)
        }
        let twice = try (0..<2).map { _ in try AESGCM.seal(utf8("the same"), key: key, associated: []) }
        #expect(twice[0] != twice[1])
    }

    @Test("a key of another length is refused", arguments: [0, 16, 24, 31, 33, 64])
    func keyLength(length: Int) {
        let refusal = CryptoFailure.malformed("a key of AES-256 has 32 bytes")
        #expect(throws: refusal) { try AESGCM.seal([1], key: repeated(1, length), associated: []) }
        #expect(throws: refusal) { try AESGCM.open(repeated(0, 40), key: repeated(1, length), associated: []) }
    }
}

/// The bytes of a literal in hexadecimal.
func bytes(_ hex: String) -> [UInt8] { Hex.decode(hex) ?? [] }

func flipped(_ bytes: [UInt8], _ bit: Int) -> [UInt8] {
    var bytes = bytes
    bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    return bytes
}

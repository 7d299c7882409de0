// SPDX-License-Identifier: Apache-2.0

import FlotillaCrypto
import FlotillaModel
import Foundation
import TestSupport
import Testing

@Suite struct KeyTests {
    static let rsa = base64(
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtU5NOvRfqm9dbmCUfJoVRn1pRiLFGtLNa5fQmPJlgdyZqTbMAAPLYzzYUnTEm+FL858EhtuVQR"
            + "HAJnL5fEJlFLD755jRliYKuzgagmQ1NvS6lE2lFQ1RF+Tpy/JSVNGa5la7m0gRml1G09eena3wov6M2DaCePMuX/Lye3eOPnbLwFoXVF+xTlYTg45xvF/r"
            + "dTV9kEf6cUIBnC8IOjNxdaI2oQW1QbT4Vl0gz+Ait/rwDuSceKW54r/J96HFkRTVB8qmG6TgMWea/b+r9OCV3JfT+bCBoC1K2mWjETAeh5B01n+WoHTVmZ"
            + "iQiu3anqX8gLMzJQymdzkFkmdsQNM1DQIDAQAB")
    static let weak = base64(
        "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDYpCQbxwPZg8DLmmqoXqiNB3/lcmmUTRTtY4zMyMY43fEl4Hqb8+5l5karhFKk8J76l4eTubh1vaSupw"
            + "WQqGT0ab9suquybN7bNydnNWnslvTsyn58UC1VgAEOD1tvHfOqkbHen1b3Ger7hfI9qQrWtRIXUu0+/TV3fGrWbRlUpwIDAQAB")
    static let p256 = base64(
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1pmtQpRKYI035KxI+zw1YC6xFFl8BbrHqiPRZ6IXm7wPW7Pq4v25ehHKcpblTWb4/BxrfLjhEaVY/gx0kXL7ag==")
    static let p384 = base64(
        "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEzKGDG8A82as5i1AfrlPAvuGxS5YuaxuX9+SXbqwDV1UDo8HoUEZFbVWclUY5Rl69hHfeP+8hmTrmgHHhbIMHUi"
            + "hWL/SIqhJ5KzROH8bSXmRj6Ta+K2qV/i5L5r03uZ2K")

    @Test(
        "a key is known by its kind, in DER and in PEM",
        arguments: [(rsa, KeyKind.rsa, KeyFixtures.rsaKey), (p256, .p256, KeyFixtures.p256Key)])
    func kinds(spki: [UInt8], kind: KeyKind, pem: String) throws {
        #expect(try PublicKey(spki: spki).kind == kind)
        let lines = "-----BEGIN PUBLIC KEY-----\n\(Base64.encode(spki))\n-----END PUBLIC KEY-----\n"
        #expect(try PublicKey(pem: utf8(lines)).kind == kind)
        #expect(try PrivateKey(pem: utf8(pem)).publicKey.kind == kind)
        #expect(try PublicKey(ed25519: repeated(1, 32)).kind == .ed25519)
    }

    @Test(
        "what is no key of ours is refused with a reason",
        arguments: [
            ([], "the key is not a SubjectPublicKeyInfo in DER"), ([0x30], "the key is not a SubjectPublicKeyInfo in DER"),
            (p256 + [0], "the key is not a SubjectPublicKeyInfo in DER"),
            (Array(p256.dropLast()), "the key is not a SubjectPublicKeyInfo in DER"),
            (p384, "the elliptic curve of the key is not P-256"), (weak, "an RSA key must have 2048 to 8192 bits"),
        ] as [([UInt8], String)])
    func refused(spki: [UInt8], why: String) {
        #expect(throws: CryptoFailure.malformed(why)) { try PublicKey(spki: spki) }
    }

    @Test("a point beside the curve is no key")
    func offCurve() {
        #expect(throws: CryptoFailure.self) { try PublicKey(spki: flipped(Self.p256, Self.p256.count * 8 - 8)) }
    }

    @Test("Ed25519 keys have 32 bytes", arguments: [0, 31, 33, 64])
    func lengths(length: Int) {
        #expect(throws: CryptoFailure.malformed("a public key of Ed25519 has 32 bytes")) { try PublicKey(ed25519: repeated(1, length)) }
        #expect(throws: CryptoFailure.malformed("a private key of Ed25519 has 32 bytes")) { try PrivateKey(ed25519: repeated(1, length)) }
    }

    @Test(
        "numbers that make no RSA key of a usable size are refused",
        arguments: [
            ([], [1, 0, 1]), ([0xB5], [1, 0, 1]), (SignatureTests.modulus, []), (SignatureTests.modulus, [0]),
            (SignatureTests.modulus, [1]),
            (SignatureTests.modulus, [2]), (Array(SignatureTests.modulus.prefix(128)), [1, 0, 1]),
            (SignatureTests.modulus, repeated(0xFF, 9)),
            (repeated(0xFF, 1_000_000), [1, 0, 1]), (repeated(0, 256), [1, 0, 1]),
        ] as [([UInt8], [UInt8])])
    func numbers(modulus: [UInt8], exponent: [UInt8]) {
        #expect(throws: CryptoFailure.self) { try PublicKey(rsaModulus: modulus, exponent: exponent) }
    }

    @Test("a private key that is encrypted is refused, and nobody is asked for a password")
    func encrypted() {
        let text = """
            -----BEGIN ENCRYPTED PRIVATE KEY-----
            MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjD2WGDGgPlXgICCAAw
            DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEHYQm1O2roORssbmWZGKRHUEgZC8
            x+A4H03ks25q3o1QVT0NIrfAAyfs50ISvipIA7+YZzjm9d3wBzkfDjLCUd6AFr3b
            61m9uYX80J59kR8115uHaQTjBR5UbtFdDrx3QAdFh4qmLkZ4E9Y6QSXXDfbiHDKr
            NFUfckO7btINr39zgDKDOKk7IRqFHrTtjrcfQOogRf2y/pgjgUbzQXkGpNfESb8=
            -----END ENCRYPTED PRIVATE KEY-----
            """
        #expect(throws: CryptoFailure.malformed("the text holds no private key in PEM")) { try PrivateKey(pem: utf8(text)) }
    }
}

/// What the process holds is all that shows a leak: run by itself, nothing else changes that.
@Suite(.serialized) struct LeakTests {
    /// Each failure leaves libcrypto halfway; what it holds there must be given back.
    @Test("what fails leaves neither memory nor an error behind")
    func leaks() throws {
        let certificate = utf8(KeyFixtures.p256Certificate)
        func round() {
            _ = try? PublicKey(spki: KeyTests.p384)
            _ = try? PublicKey(spki: KeyTests.weak)
            _ = try? PublicKey(spki: KeyTests.rsa + [0])
            _ = try? PublicKey(ed25519: [1])
            _ = try? PublicKey(rsaModulus: repeated(0xFF, 256), exponent: [2])
            _ = try? PrivateKey(pem: utf8(KeyFixtures.weakRSAKey))
            _ = try? PrivateKey(pem: utf8(KeyFixtures.p384Key))
            _ = try? PrivateKey(pem: utf8(KeyFixtures.p256Key)).sign([[1]], by: .ed25519)
            _ = try? Certificate.list(pem: certificate + certificate, limit: 1)
            _ = try? Certificate.list(pem: certificate).first?.publicKey()
            _ = try? Certificate.list(pem: certificate + certificate.dropLast(40))
            _ = try? AESGCM.open(repeated(0, 40), key: repeated(0, 31), associated: [])
            _ = try? AESGCM.open(repeated(0, 40), key: repeated(0, 32), associated: [])
        }
        // Where other tests of this process take and give memory meanwhile, not as much in most of the batches.
        var growths: [Int] = []
        for _ in 0..<5 {
            let before = try residentBytes()
            for _ in 0..<400 { round() }
            growths.append(try residentBytes() - before)
        }
        #expect(growths.sorted()[2] < 256 << 10, "grew by \(growths)")
    }

    private func residentBytes() throws -> Int {
        let statistics = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return try #require(Int(statistics[1])) * 4096
    }
}

@Suite struct ChecksumTests {
    @Test(
        "a known checksum is computed",
        arguments: [
            ("", 0), ("123456789", 0xCBF4_3926), ("The quick brown fox jumps over the lazy dog", 0x414F_A339), ("a", 0xE8B7_BE43),
        ] as [(String, UInt32)])
    func known(text: String, checksum: UInt32) {
        #expect(Checksum.crc32(utf8(text)) == checksum)
    }
}

func base64(_ text: String) -> [UInt8] { Base64.decode(text) ?? [] }

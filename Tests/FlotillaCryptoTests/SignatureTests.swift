// SPDX-License-Identifier: Apache-2.0

import FlotillaCrypto
import FlotillaModel
import TestSupport
import Testing

@Suite struct SignatureTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let algorithm: SignatureAlgorithm
        let key: @Sendable () throws -> PublicKey
        let message: [UInt8]
        let signature: [UInt8]
    }

    static let ed25519 = [
        Vector(
            testDescription: "RFC 8032, 7.1, test 1", algorithm: .ed25519,
            key: { try PublicKey(ed25519: bytes("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")) }, message: [],
            signature: bytes(
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                    + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")),
        Vector(
            testDescription: "RFC 8032, 7.1, test 2", algorithm: .ed25519,
            key: { try PublicKey(ed25519: bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")) }, message: [0x72],
            signature: bytes(
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                    + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")),
        Vector(
            testDescription: "RFC 8032, 7.1, test 3", algorithm: .ed25519,
            key: { try PublicKey(ed25519: bytes("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")) },
            message: [0xAF, 0x82],
            signature: bytes(
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                    + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")),
    ]

    /// The public key of RFC 6979, A.2.5.
    static let p256 = bytes(
        "3059301306072a8648ce3d020106082a8648ce3d0301070342000460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
            + "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299")
    static let ecdsa = [
        Vector(
            testDescription: "RFC 6979, A.2.5, SHA-256 of sample", algorithm: .ecdsaP256SHA256, key: { try PublicKey(spki: p256) },
            message: utf8("sample"),
            signature: bytes(
                "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                    + "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8")),
        Vector(
            testDescription: "RFC 6979, A.2.5, SHA-256 of test", algorithm: .ecdsaP256SHA256, key: { try PublicKey(spki: p256) },
            message: utf8("test"),
            signature: bytes(
                "3045022100f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
                    + "0220019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083")),
    ]

    /// Computed from the key's numbers with plain integers, after RFC 8017, 8.2.1.
    static let modulus = bytes(
        "b54e4d3af45faa6f5d6e60947c9a15467d694622c51ad2cd6b97d098f26581dc99a936cc0003cb633cd85274c49be14bf39f0486db9541"
            + "11c02672f97c426514b0fbe798d196260abb381a82643536f4ba944da5150d5117e4e9cbf25254d19ae656bb9b48119a5d46d3d79e9dad"
            + "f0a2fe8cd8368278f32e5ff2f27b778e3e76cbc05a17545fb14e5613838e71bc5feb75357d9047fa7142019c2f083a337175a236a105b5"
            + "41b4f8565d20cfe022b7faf00ee49c78a5b9e2bfc9f7a1c59114d507caa61ba4e031679afdbfabf4e095dc97d3f9b081a02d4ada65a311"
            + "301e879074d67f96a074d59998908aedda9ea5fc80b333250ca677390592676c40d3350d")
    static let rsaMessage = utf8("four score and seven years ago")
    static let rsa = [
        Vector(
            testDescription: "RSA with SHA-256", algorithm: .rsaSHA256,
            key: { try PublicKey(rsaModulus: modulus, exponent: [1, 0, 1]) }, message: rsaMessage,
            signature: base64(
                "MMK2/9CoIO6Ajn/QIUQsKW0TVS7ChwzNS+CpQIu1Oo8XoOS3CzXTKEJZojTh8sZcF8iKx/UXRk9B6EhUKkUlcQIBMjHPve0tI8g+TmdCYWhPB5"
                    + "smyqy57Gct4t9KvvsDXBWNjYR0ghW01rpFhqI9GQjjRFGsfbwvR6foDm47Q1HKlYHh0lGyfWKRtDT7XjrtpmiNuNWBdJKaMjszknR6LFAoFh5R"
                    + "Yxo3RS6j1n2trnNYkYYcrBSYM2PRKi4CYh+5iEi4n+1PHn7BKXJyKOs6fxGLNm8EZ7jNX5nfRZwJYaGWMd7senWAAHOA0u3ZYZZ9Sabaugiq9V"
                    + "OQOYBy/o9UqQ==")),
        Vector(
            testDescription: "RSA with SHA-1", algorithm: .rsaSHA1,
            key: { try PublicKey(rsaModulus: modulus, exponent: [1, 0, 1]) }, message: rsaMessage,
            signature: base64(
                "PCzuTAjxM+zwSfY3jUo7MTuL1ktuGVMYaWfh+Yw1HRTGC7fqoU8FWf2BQ4LOXrC30EAWrhyk9DdPO7EJaNERA01CMPsE6Fw5mMzNt6/vxoiiea"
                    + "coZRCszOGLSLFRLS5qLBROu8F92QiERO9mqk/vl8si+ahxyWzDbXP/E9DbKTq2B//Md2oCUfNYKvI/8PJ0GUZYkrFQ7Rb9Px17gjsrj73zmRi+"
                    + "+L1g8eU8ZWY0vGLf2LYZGh/6Kgv8As9p6FSKVw1yrCHyEG1uQ7FInMNfggLT4w+a8mxGLmOlp6ZwFj8ZDn9q8CdV5vRV/wUjqjP4la7VHyEgOn"
                    + "/VzwMJaL988g==")),
    ]

    static let vectors = ed25519 + ecdsa + rsa

    @Test("a known signature is verified, in however many parts its message comes", arguments: vectors)
    func known(_ vector: Vector) throws {
        let key = try vector.key()
        for cut in 0...vector.message.count {
            let parts = [Array(vector.message[..<cut]), [], Array(vector.message[cut...])]
            #expect(try key.verifies(vector.signature, of: parts, by: vector.algorithm))
        }
    }

    @Test("no other message, signature, key or algorithm is taken for it", arguments: vectors)
    func others(_ vector: Vector) throws {
        let key = try vector.key()
        func accepts(_ signature: [UInt8], _ message: [UInt8], _ algorithm: SignatureAlgorithm) throws -> Bool {
            try key.verifies(signature, of: [message], by: algorithm)
        }
        for bit in 0..<vector.message.count * 8 {
            #expect(try !accepts(vector.signature, flipped(vector.message, bit), vector.algorithm))
        }
        #expect(try !accepts(vector.signature, vector.message + [0], vector.algorithm))
        for bit in 0..<vector.signature.count * 8 {
            #expect(try !accepts(flipped(vector.signature, bit), vector.message, vector.algorithm))
        }
        for length in 0..<vector.signature.count {
            #expect(try !accepts(Array(vector.signature.prefix(length)), vector.message, vector.algorithm))
        }
        #expect(try !accepts(vector.signature + [0], vector.message, vector.algorithm))
        #expect(try !accepts([0] + vector.signature, vector.message, vector.algorithm))
        for other in SignatureAlgorithm.allCases where other != vector.algorithm {
            #expect(try !accepts(vector.signature, vector.message, other))
        }
        for other in Self.vectors where other.testDescription != vector.testDescription {
            guard vector.algorithm == .ed25519 || other.algorithm.key != vector.algorithm.key else { continue }
            #expect(try !other.key().verifies(vector.signature, of: [vector.message], by: other.algorithm))
        }
    }

    @Test(
        "what an RSA key can be made to say is no signature",
        arguments: [
            (
                "the rest of the block behind a short padding",
                "ibtE+ZqbrN2e3EuMdmTKWVNOXVsLfc7pVIOtMU4Zji6ZweHlM3zr7s0rImcZni2bQQAJuRuH0FUfYlVfn0KWNMcshcYA2QzVUElIguPss7DIRv"
                    + "Amkj8/6hpvJmaTBSxnhxV9b/c9T6cCPwsANj+nVtbOEJGBTKXD8YDhRvywKxSw5I13XaqYYWvtuXh/XL+7JxXU+TR6+TPnLZpEd16klOn5K/04"
                    + "wReQBCMF8mRDf1IIMs2ErOt5SQFlAdgwnTpdMl06Ly233QgoyywXgJISpEjdXKoPImbVy8p6a498EACEVMf7DGiBZ3DB0EjDAzJvyTRXNxfKCt"
                    + "3GMay5Rx89Wg=="
            ),
            (
                "the bare hash",
                "VChLrkTQWuj/JQGG92WW4kDoNhe2qkE2RJrUBgprLNMrDUB6gVL86z62bGEZYOhKvXxHtDoxxPP/i+wNELtXS2Y2aNjL2Zeq8XqyF5COgqa9ev"
                    + "tMX+cWHKpzzqhoxnP3MWHK4enYq6lkkRHrRS20KifBR6m77+dk6dY0OwNXJAfcSkf6iBJpy1SXatJ4QGILlXKHFOtd0uct4ydJNtwc3+23ukI+"
                    + "oB1K0WuPLLHl244DvdpVxfhM/8+2vapCh9D2ZTXfF5Q2SBn1R9Ni31rsXDYoQg6ljDewre2uAyZxR6pwZqGKlCT+XIWYEubE08m68NjcKdx9JO"
                    + "bgKBvdXabF4w=="
            ),
            (
                "the other padding, PSS",
                "hXvzJu4TB7jFjNkyBYmY/9Hme44dcGCl0VUqnuu6JLEe34dIFvJ5gJ6lTr5MKbNhm6q0V3hULzZMhIY2MOffYr8zTCHfKGnmBKJSRjudB2Nwo1"
                    + "6v99OSIC84+S+f0+fwU7qiPVU/mqHABjuKj3z5ZEgv8cg4pMyDE/s1W5tH44kiR1D9zKVFIt3KgwXoyYQQJwhEsiYXX6KJ2aI8EhrRwqS+mcrt"
                    + "/KtYlQ4WirhxevniF1UzWQnUkHijlLwW9T9Gn+TNkFLvSEyJNELSW6z/QXWVxOWuDQj6KSKgMpoR9t5cl1FUR6jan7CSkS6FhAbtOP+bwOx8ke"
                    + "sxaOHZXdicGA=="
            ),
            ("nothing but zeros", String(repeating: "A", count: 342) + "=="),
        ] as [(String, String)])
    func forgeries(name: String, signature: String) throws {
        let key = try PublicKey(rsaModulus: Self.modulus, exponent: [1, 0, 1])
        #expect(base64(signature).count == 256)
        for algorithm in [SignatureAlgorithm.rsaSHA256, .rsaSHA1] {
            #expect(try !key.verifies(base64(signature), of: [Self.rsaMessage], by: algorithm))
        }
    }

    @Test(
        "what ECDSA may not say is no signature",
        arguments: ["", "3000", "3006020100020100", "3006020101020101", "300602010002010100", "30800201010201010000"])
    func degenerate(signature: String) throws {
        #expect(try !PublicKey(spki: Self.p256).verifies(bytes(signature), of: [utf8("sample")], by: .ecdsaP256SHA256))
    }

    @Test(
        "what a private key signs, its public half verifies",
        arguments: [
            (KeyFixtures.rsaKey, [.rsaSHA256, .rsaSHA1]), (KeyFixtures.p256Key, [.ecdsaP256SHA256]),
        ] as [(String, [SignatureAlgorithm])])
    func signing(pem: String, algorithms: [SignatureAlgorithm]) throws {
        let key = try PrivateKey(pem: utf8(pem))
        for algorithm in SignatureAlgorithm.allCases {
            guard algorithms.contains(algorithm) else {
                #expect(throws: CryptoFailure.malformed("the key is for another algorithm")) { try key.sign([[1]], by: algorithm) }
                continue
            }
            let signature = try key.sign([utf8("four "), utf8("score")], by: algorithm)
            #expect(try key.publicKey.verifies(signature, of: [utf8("four score")], by: algorithm))
            #expect(try !key.publicKey.verifies(signature, of: [utf8("five score")], by: algorithm))
        }
    }

    @Test("an Ed25519 key signs as RFC 8032 says")
    func deterministic() throws {
        let key = try PrivateKey(ed25519: bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
        #expect(try key.sign([], by: .ed25519) == Self.ed25519[0].signature)
        #expect(try key.publicKey.verifies(Self.ed25519[0].signature, of: [], by: .ed25519))
    }

    @Test("many threads verify with one key at once")
    func threads() async throws {
        let vector = Self.rsa[0]
        let key = try vector.key()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try (0..<200).allSatisfy { round in
                        let right = round.isMultiple(of: 2)
                        return try key.verifies(vector.signature, of: [vector.message, right ? [] : [0]], by: .rsaSHA256) == right
                    }
                }
            }
            for try await right in group { #expect(right) }
        }
    }
}

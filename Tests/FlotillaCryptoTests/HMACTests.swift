// SPDX-License-Identifier: Apache-2.0

import FlotillaCrypto
import Testing

@Suite struct HMACTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let name: String
        let key: [UInt8]
        let message: [UInt8]
        let code: String
        var algorithm = HashAlgorithm.sha256
        var testDescription: String { name }
    }

    static let longKeyMessage =
        "This is a test using a larger than block-size key and a larger than block-size data. "
        + "The key needs to be hashed before being used by the HMAC algorithm."

    static let vectors = [
        Vector(
            name: "RFC 4231, 1", key: repeated(0x0B, 20), message: utf8("Hi There"),
            code: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        Vector(
            name: "RFC 4231, 2", key: utf8("Jefe"), message: utf8("what do ya want for nothing?"),
            code: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        Vector(
            name: "RFC 4231, 3", key: repeated(0xAA, 20), message: repeated(0xDD, 50),
            code: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        Vector(
            name: "RFC 4231, 4", key: Array(1...25), message: repeated(0xCD, 50),
            code: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        Vector(
            name: "RFC 4231, 5 (the first half)", key: repeated(0x0C, 20), message: utf8("Test With Truncation"),
            code: "a3b6167473100ee06e0c796c2955552b"),
        Vector(
            name: "RFC 4231, 6", key: repeated(0xAA, 131), message: utf8("Test Using Larger Than Block-Size Key - Hash Key First"),
            code: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        Vector(
            name: "RFC 4231, 7", key: repeated(0xAA, 131), message: utf8(longKeyMessage),
            code: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
        Vector(
            name: "RFC 2202, 1", key: repeated(0x0B, 20), message: utf8("Hi There"),
            code: "b617318655057264e28bc0b6fb378c8ef146be00", algorithm: .sha1),
        Vector(
            name: "RFC 2202, 6", key: repeated(0xAA, 80), message: utf8("Test Using Larger Than Block-Size Key - Hash Key First"),
            code: "aa4ae5e15272d00e95705637ce8a3b55ed402112", algorithm: .sha1),
        Vector(
            name: "GitHub's documentation", key: utf8("It's a Secret to Everybody"), message: utf8("Hello, World!"),
            code: "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"),
        Vector(
            name: "an empty key and message", key: [], message: [],
            code: "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
    ]

    @Test("a published vector's code is computed", arguments: vectors)
    func published(_ vector: Vector) throws {
        let code = try HMACKey(vector.key, vector.algorithm).code(vector.message)
        #expect(Hex.encode(code).hasPrefix(vector.code))
        #expect(code.count == vector.algorithm.digestLength)
    }

    @Test("the parts of a message have the code of the whole, wherever it is cut", arguments: vectors)
    func parts(_ vector: Vector) throws {
        let key = try HMACKey(vector.key, vector.algorithm)
        let whole = try key.code(vector.message)
        for cut in 0...vector.message.count {
            #expect(try key.code(Array(vector.message[..<cut]), Array(vector.message[cut...])) == whole)
        }
    }

    @Test("a key serves many threads at once, each with its own message")
    func threads() async throws {
        let key = try HMACKey(utf8("Jefe"))
        let expected = try (0..<16).map { try key.code(repeated(UInt8($0), 1000 + $0)) }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for message in 0..<16 {
                group.addTask {
                    try (0..<500).allSatisfy { _ in try key.code(repeated(UInt8(message), 1000 + message)) == expected[message] }
                }
            }
            for try await right in group { #expect(right) }
        }
    }

    @Test("text is fed as its UTF-8 bytes, a slice as well as a whole string")
    func text() throws {
        let key = try HMACKey(utf8("Jefe"))
        let text = "naïve ✓ what do ya want"
        #expect(try key.code { $0.update(text) } == key.code(utf8(text)))
        #expect(try key.code { $0.update(text.dropFirst(3)) } == key.code(utf8(String(text.dropFirst(3)))))
    }
}

func repeated(_ byte: UInt8, _ count: Int) -> [UInt8] { [UInt8](repeating: byte, count: count) }
func utf8(_ text: String) -> [UInt8] { Array(text.utf8) }

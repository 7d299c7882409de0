// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime
internal import Testing

@Suite struct SecretTests {
    @Test("However a secret is printed, it is redacted")
    func redacted() {
        let secret = Secret("hunter2")
        struct Holder { let secret: Secret }
        var dumped = ""
        dump(Holder(secret: secret), to: &dumped)
        for text in [
            "\(secret)", String(describing: secret), String(reflecting: secret), "\(Holder(secret: secret))", "\([secret])", dumped,
        ] {
            #expect(!text.contains("hunter2") && !text.contains("104"), "\(text)")
        }
        #expect("\(secret)" == "<redacted>")
    }

    @Test("It is given away when asked for in so many words")
    func exposed() {
        #expect(Secret("ké").expose() == "ké")
        #expect(Secret(bytes: [0, 255]).withBytes { $0 } == [0, 255])
        #expect(Secret("a") == Secret(bytes: [0x61]))
    }

    @Test("A configuration shows nothing of the environment it holds")
    func configuration() {
        let configuration = Configuration(environment: ["FLOTILLA_KEYS": "hunter2"])
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] { #expect(!text.contains("hunter2")) }
    }
}

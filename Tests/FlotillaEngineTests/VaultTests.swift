// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import Testing

struct VaultTests {
    private static func key(_ id: String, _ byte: UInt8) -> Vault.Key {
        Vault.Key(id: id, bytes: Secret(bytes: [UInt8](repeating: byte, count: 32)))
    }

    private static let secret = Secret("what the provider handed over")

    @Test func `what is sealed is opened again, and is never the same bytes twice`() throws {
        let vault = Vault(newest: Self.key("k1", 1))
        let sealed = try vault.seal(Self.secret, as: .hook("tasks"))
        #expect(sealed.key == "k1")
        #expect(try vault.open(sealed, as: .hook("tasks")) == Self.secret)
        #expect(try vault.seal(Self.secret, as: .hook("tasks")) != sealed)
        let text = String(decoding: sealed.bytes, as: UTF8.self)
        #expect(!text.contains("provider"))
    }

    @Test func `the newest key seals, and older ones still open`() throws {
        let old = Vault(newest: Self.key("k1", 1))
        let sealed = try old.seal(Self.secret, as: .hook("tasks"))
        let rotated = Vault(newest: Self.key("k2", 2), older: [Self.key("k1", 1)])
        #expect(try rotated.open(sealed, as: .hook("tasks")) == Self.secret)
        #expect(try rotated.seal(Self.secret, as: .hook("tasks")).key == "k2")
    }

    @Test func `what is sealed for one hook does not open as another's, nor after a change of any byte`() throws {
        let vault = Vault(newest: Self.key("k1", 1))
        let sealed = try vault.seal(Self.secret, as: .hook("tasks"))
        #expect(throws: VaultFailure.notAuthentic(id: "k1")) { try vault.open(sealed, as: .hook("task")) }
        for place in sealed.bytes.indices {
            var bytes = sealed.bytes
            bytes[place] ^= 1
            #expect(throws: VaultFailure.notAuthentic(id: "k1")) {
                try vault.open(SealedSecret(key: "k1", bytes: bytes), as: .hook("tasks"))
            }
        }
        for length in [0, 1, 27, sealed.bytes.count - 1] {
            let cut = SealedSecret(key: "k1", bytes: Array(sealed.bytes.prefix(length)))
            #expect(throws: VaultFailure.notAuthentic(id: "k1")) { try vault.open(cut, as: .hook("tasks")) }
        }
    }

    @Test func `a key that is missing is named, and so is one that has changed`() throws {
        let sealed = try Vault(newest: Self.key("k1", 1)).seal(Self.secret, as: .hook("tasks"))
        #expect(throws: VaultFailure.noKey(id: "k1")) { try Vault(newest: Self.key("k2", 2)).open(sealed, as: .hook("tasks")) }
        #expect(throws: VaultFailure.notAuthentic(id: "k1")) { try Vault(newest: Self.key("k1", 2)).open(sealed, as: .hook("tasks")) }
    }

    // MARK: FLOTILLA_KEYS

    private static let good = Base64.encode([UInt8](repeating: 7, count: 32))
    private static let short = Base64.encode([UInt8](repeating: 7, count: 31))

    @Test func `keys are read newest first`() throws {
        var configuration = Configuration(environment: ["FLOTILLA_KEYS": "2026-11:\(Self.good)\n k_1:\(Base64.encode(Array(0..<32)))"])
        let vault = try #require(Vault(reading: &configuration))
        _ = try configuration.finish()
        #expect(try vault.seal(Self.secret, as: .hook("tasks")).key == "2026-11")
    }

    @Test func `without FLOTILLA_KEYS there is no vault, and no fault`() throws {
        var configuration = Configuration(environment: [:])
        #expect(Vault(reading: &configuration) == nil)
        _ = try configuration.finish()
    }

    @Test(arguments: [
        (good, "id:base64"), ("k1:", "32 bytes"), ("k1:\(short)", "32 bytes"), ("k1:\(good)=", "32 bytes"), (":\(good)", "name each key"),
        ("k 1:\(good)", "id:base64"), ("k/1:\(good)", "name each key"), ("kä:\(good)", "name each key"), ("k1:hush-hush", "32 bytes"),
        ("k1:\(good) k1:\(good)", "not k1 twice"), ("k1:\(good),k2:\(good)", "32 bytes"),
    ])
    func `a faulty key is reported by its place, and never shown`(_ text: String, _ remedy: String) throws {
        var configuration = Configuration(environment: ["FLOTILLA_KEYS": text])
        #expect(Vault(reading: &configuration) == nil)
        let faults = try #require(throws: ConfigurationFaults.self) { _ = try configuration.finish() }
        #expect(faults.faults.first?.name == "FLOTILLA_KEYS")
        #expect(faults.description.contains(remedy), "\(faults)")
        #expect(!faults.description.contains(Self.good) && !faults.description.contains("hush"))
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaCrypto
import FlotillaEngine
import FlotillaHTTP
import FlotillaIngress
import FlotillaMemory
import FlotillaModel
import FlotillaRuntime
import TestSupport
import Testing

/// Secrets that arrive in handshakes. Two front doors over one store are two processes of a fleet.
@Suite(.timeLimit(.minutes(1))) struct HandedSecretTests {
    private static let secret = "b537207f20cbfa02357cf448134da559"
    private static let token = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"

    private static func hooks(_ secrets: String...) throws -> [Hook] {
        try ["asana", "notion"].map { name in
            try Hook(name: name, provider: #require(ProviderTable.named(name)), settings: HookSettings(secrets: secrets.map { Secret($0) }))
        }
    }

    private static func offer(_ secret: String, _ door: FrontDoor) async throws -> ClientResponse {
        try await door.send("POST", "/hooks/asana", [("X-Hook-Secret", secret)])
    }

    private static func asana(_ door: FrontDoor, by secret: String, _ body: String = #"{"events":[{"action":"added"}]}"#) async throws
        -> Int
    {
        let code = Hex.encode(try HMACKey(utf8(secret)).code(utf8(body)))
        return try await door.send("POST", "/hooks/asana", [("X-Hook-Signature", code)], body).status
    }

    private static func notion(_ door: FrontDoor, by secret: String) async throws -> Int {
        let body = #"{"id":"e1","type":"page.created"}"#
        let code = Hex.encode(try HMACKey(utf8(secret)).code(utf8(body)))
        return try await door.send("POST", "/hooks/notion", [("X-Notion-Signature", "sha256=" + code)], body).status
    }

    @Test func `Asana's secret is echoed, kept sealed, and signs from then on`() async throws {
        try await FrontDoor.with(Self.hooks()) { door async throws in
            #expect(try await Self.asana(door, by: Self.secret) == 401)
            let answer = try await Self.offer(Self.secret, door)
            #expect(answer.status == 200)
            #expect(answer.headers["X-Hook-Secret"] == Self.secret)
            #expect(try await Self.asana(door, by: Self.secret) == 200)
            #expect(try await Self.asana(door, by: "another secret") == 401)
            #expect(door.publisher.published.count == 1)
            // A heartbeat.
            #expect(try await Self.asana(door, by: Self.secret, #"{"events":[]}"#) == 200)
            #expect(try await Self.asana(door, by: Self.secret, "{\"events\" : [ \n] }") == 200)
            #expect(door.publisher.published.allSatisfy { $0.count == 1 })
            let kept = try #require(await door.secrets.secret(of: "asana"))
            #expect(!String(decoding: kept.sealed.bytes, as: UTF8.self).contains(Self.secret))
            #expect(kept.since == door.clock.now)
        }
    }

    @Test func `an established secret is not replaced; the same one again is a repetition`() async throws {
        try await FrontDoor.with(Self.hooks()) { door async throws in
            #expect(try await Self.offer(Self.secret, door).status == 200)
            for _ in 0..<3 {
                let refused = try await Self.offer("an-attackers-own-secret", door)
                #expect(refused.status == 401)
                #expect(refused.headers["X-Hook-Secret"] == nil)
                #expect(try await Self.offer(Self.secret, door).status == 200)
                door.clock.advance(by: .seconds(2))
            }
            #expect(try await Self.asana(door, by: "an-attackers-own-secret") == 401)
            #expect(try await Self.asana(door, by: Self.secret) == 200)
            let counted = #"flotilla_ingress_rejected_total{hook="asana",reason="handshake"} 3"#
            #expect(String(decoding: door.metrics.render(), as: UTF8.self).contains(counted + "\n"))
        }
    }

    @Test(arguments: ["", "short", String(repeating: "s", count: 257), "with space inside"])
    func `a secret that can't be one is refused, and the right one still kept`(_ offered: String) async throws {
        try await FrontDoor.with(Self.hooks()) { door async throws in
            #expect(try await Self.offer(offered, door).status == 401)
            let twice = try await door.send("POST", "/hooks/asana", [("X-Hook-Secret", Self.secret), ("X-Hook-Secret", Self.token)])
            #expect(twice.status == 401)
            #expect(try await Self.offer(Self.secret, door).status == 200)
        }
    }

    @Test func `a hook that is configured with its secret knows that one alone, and stores nothing`() async throws {
        try await FrontDoor.with(Self.hooks(Self.secret), vault: nil) { door async throws in
            #expect(try await Self.asana(door, by: Self.secret) == 200)
            #expect(try await Self.offer("another-secret", door).status == 401)
            #expect(try await Self.offer(Self.secret, door).status == 200)
            #expect(try await door.send("POST", "/hooks/notion", [], #"{"verification_token":"\#(Self.token)"}"#).status == 401)
            #expect(try await Self.notion(door, by: Self.secret) < 300)
            #expect(try await door.secrets.all().isEmpty)
        }
    }

    @Test func `Notion's token is kept once and answered with 200; the log names the command and never the token`() async throws {
        try await FrontDoor.with(Self.hooks()) { door async throws in
            #expect(try await Self.notion(door, by: Self.token) == 401)
            let body = #"{"verification_token":"\#(Self.token)"}"#
            #expect(try await door.send("POST", "/hooks/notion", [], body).status == 200)
            #expect(try await door.send("POST", "/hooks/notion", [], body).status == 200)
            #expect(try await door.send("POST", "/hooks/notion", [], #"{"verification_token":"secret_another"}"#).status == 401)
            #expect(try await Self.notion(door, by: Self.token) < 300)
            #expect(try await Self.notion(door, by: "secret_another") == 401)
            let lines = door.log.lines.map { String(decoding: $0.json, as: UTF8.self) }
            #expect(lines.contains { $0.contains("flotilla hooks reveal notion") })
            #expect(!lines.contains { $0.contains(Self.token) || $0.contains("secret_another") })
        }
    }

    @Test(arguments: [#"{"verification_token":7}"#, #"{"verification_token":""}"#, #"{"verification_token":"short"}"#, "{}", "[", "null"])
    func `what holds no token is refused by Notion's hook`(_ body: String) async throws {
        try await FrontDoor.with(Self.hooks()) { door async throws in
            #expect(try await door.send("POST", "/hooks/notion", [], body).status == 401)
            // With a signature it is an event, whatever it holds.
            let signed = try await door.send(
                "POST", "/hooks/notion", [("X-Notion-Signature", "sha256=00")], #"{"verification_token":"\#(Self.token)"}"#)
            #expect(signed.status == 401)
            #expect(try await door.secrets.all().isEmpty)
        }
    }

    @Test func `what one process was given holds in the others at once, and so does that it was forgotten, a second later`() async throws {
        let (store, clock) = (MemoryHookSecrets(), ManualClock())
        try await FrontDoor.with(Self.hooks(), secrets: store, clock: clock) { first async throws in
            try await FrontDoor.with(Self.hooks(), secrets: store, clock: clock) { second async throws in
                #expect(try await Self.asana(second, by: Self.secret) == 401)
                clock.advance(by: .seconds(1))
                #expect(try await Self.offer(Self.secret, first).status == 200)
                #expect(try await Self.asana(second, by: Self.secret) == 200)
                #expect(try await Self.offer("another-secret", second).status == 401)
                #expect(try await store.forget(#require(await store.secret(of: "asana"))))
                clock.advance(by: .seconds(1))
                for door in [first, second] { #expect(try await Self.asana(door, by: Self.secret) == 401) }
                clock.advance(by: .seconds(1))
                #expect(try await Self.offer("another-secret", second).status == 200)
                #expect(try await Self.asana(first, by: "another-secret") == 200)
                #expect(try await Self.asana(first, by: Self.secret) == 401)
            }
        }
    }

    @Test func `of many that offer a secret at once one is believed, and all processes agree on it`() async throws {
        let store = MemoryHookSecrets()
        try await FrontDoor.with(Self.hooks(), secrets: store) { first async throws in
            try await FrontDoor.with(Self.hooks(), secrets: store) { second async throws in
                let believed = try await withThrowingTaskGroup(of: String?.self) { group in
                    for number in 0..<20 {
                        group.addTask {
                            let secret = "the-secret-\(number)"
                            return try await Self.offer(secret, number.isMultiple(of: 2) ? first : second).status == 200 ? secret : nil
                        }
                    }
                    return try await group.reduce(into: [String]()) { found, secret in found += [secret].compactMap(\.self) }
                }
                #expect(believed.count == 1)
                let secret = try #require(believed.first)
                for door in [first, second] { #expect(try await Self.asana(door, by: secret) == 200) }
            }
        }
    }

    @Test func `a flood makes a process look into the store at most twice a second`() async throws {
        try await FrontDoor.with(Self.hooks()) { door async throws in
            func flood() async throws {
                for number in 0..<50 {
                    _ = try await Self.asana(door, by: "forged")
                    _ = try await Self.offer("offered-secret-\(number)", door)
                }
            }
            #expect(try await Self.offer(Self.secret, door).status == 200)
            for _ in 0..<3 {
                let before = door.secrets.reads
                try await flood()
                #expect(door.secrets.reads - before <= 2)
                door.clock.advance(by: .seconds(1))
            }
            #expect(door.secrets.reads >= 3)
        }
    }

    @Test func `a store that is away is no reason to refuse what is known, nor to believe what is not`() async throws {
        try await FrontDoor.with(Self.hooks()) { door async throws in
            door.secrets.fail(because: "away")
            #expect(try await Self.asana(door, by: Self.secret) == 503)
            #expect(try await Self.offer(Self.secret, door).status == 503)
            door.secrets.fail(because: nil)
            door.clock.advance(by: .seconds(1))
            #expect(try await Self.offer(Self.secret, door).status == 200)
            door.secrets.fail(because: "away")
            door.clock.advance(by: .seconds(5))
            #expect(try await Self.asana(door, by: Self.secret) == 200)
            #expect(try await Self.asana(door, by: "forged") == 401)
            let lines = door.log.lines.map { String(decoding: $0.json, as: UTF8.self) }
            #expect(lines.contains { $0.contains("the secret of the hook can't be had") && $0.contains("MemoryFailure") })
        }
    }

    @Test func `a store that is slow keeps nobody waiting whose secret is known, also when the configuration is read again`() async throws {
        try await FrontDoor.with(Self.hooks()) { door async throws in
            #expect(try await Self.offer(Self.secret, door).status == 200)
            door.secrets.hold(true)
            let before = door.secrets.reads
            for _ in 0..<2 {
                door.clock.advance(by: .seconds(2))
                #expect(try await Self.asana(door, by: Self.secret) == 200)
            }
            // The look goes on by itself, and one is enough.
            #expect(door.secrets.reads <= before + 1)
            for _ in 0..<2 {
                // Twice in a row: what nobody asked in between is handed on all the same.
                door.reload(try Self.hooks())
                door.reload(try Self.hooks())
                #expect(try await Self.asana(door, by: Self.secret) == 200)
            }
            door.secrets.hold(false)
        }
    }

    @Test func `a store that is slow makes the provider come again before its patience is over, and refuses nothing`() async throws {
        try await FrontDoor.with(Self.hooks()) { door async throws in
            door.secrets.hold(true)
            async let first = Self.asana(door, by: Self.secret)
            async let second = Self.asana(door, by: Self.secret)
            async let offered = Self.offer(Self.secret, door).status
            try await until { door.secrets.reads > 0 }
            door.age(.seconds(10))
            #expect(try await [first, second, offered] == [503, 503, 503])
            door.secrets.hold(false)
        }
        try await FrontDoor.with(Self.hooks()) { door async throws in
            #expect(try await Self.asana(door, by: Self.secret) == 401)
            door.secrets.hold(true)
            // Not kept in time is not kept, as far as the provider hears.
            async let offered = Self.offer(Self.secret, door).status
            door.age(.seconds(10))
            #expect(try await offered == 503)
            door.age(.zero)
            door.secrets.hold(false)
            door.clock.advance(by: .seconds(1))
            #expect(try await Self.offer(Self.secret, door).status == 200)
            #expect(try await Self.asana(door, by: Self.secret) == 200)
        }
    }

    @Test func `a secret whose key is gone from FLOTILLA_KEYS is asked for again later, and the log names the key`() async throws {
        let store = MemoryHookSecrets()
        try await FrontDoor.with(Self.hooks(), secrets: store) { door async throws in
            #expect(try await Self.offer(Self.secret, door).status == 200)
        }
        let other = Vault(newest: Vault.Key(id: "k2", bytes: Secret(bytes: [UInt8](repeating: 2, count: 32))))
        try await FrontDoor.with(Self.hooks(), secrets: store, vault: other) { door async throws in
            #expect(try await Self.asana(door, by: Self.secret) == 503)
            #expect(try await Self.offer("another-secret", door).status == 503)
            #expect(door.log.lines.contains { String(decoding: $0.json, as: UTF8.self).contains("sealed with the key k1") })
        }
        let rotated = Vault(
            newest: Vault.Key(id: "k2", bytes: Secret(bytes: [UInt8](repeating: 2, count: 32))), older: [FrontDoor.vaultKey])
        try await FrontDoor.with(Self.hooks(), secrets: store, vault: rotated) { door async throws in
            #expect(try await Self.asana(door, by: Self.secret) == 200)
        }
    }
}

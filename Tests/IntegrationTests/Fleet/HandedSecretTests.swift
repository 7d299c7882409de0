// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaEngine
internal import FlotillaModel
internal import Foundation
internal import Glibc
internal import TestSupport
internal import Testing

@testable internal import FlotillaSQLite

/// Secrets that arrive in handshakes, from the first request to a restart and to the operator's hands.
@Suite struct HandedSecretTests {
    private static let secret = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81"
    private static let token = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"
    private static let keys = "k1:" + Data(repeating: 7, count: 32).base64EncodedString()

    private static func with(_ body: (Fleet) async throws -> Void) async throws {
        try await Fleet.with(
            ["FLOTILLA_HOOKS": "tasks=asana,wiki=notion", "FLOTILLA_KEYS": keys, "FLOTILLA_ROUTES": "asana.#>log-sink,notion.#>log-sink"]
        ) { fleet in
            var fleet = fleet
            for name in ["FLOTILLA_HOOK_GITHUB_SECRET", "FLOTILLA_HOOK_SHOP_SECRET"] { fleet.environment[name] = nil }
            try await body(fleet)
        }
    }

    private static func offer(_ secret: String, to fleet: Fleet) async throws -> Wire.Answer {
        try await Wire.request(fleet.listen, "POST", "/hooks/tasks", headers: [("X-Hook-Secret", secret)])
    }

    private static func event(_ fleet: Fleet, by secret: String) async throws -> Int {
        let body = Array(#"{"events":[{"action":"changed","resource":{"gid":"1","resource_type":"task"}}]}"#.utf8)
        let code = Hex.encode(try HMACKey(Array(secret.utf8)).code(body))
        return try await Wire.request(fleet.listen, "POST", "/hooks/tasks", headers: [("X-Hook-Signature", code)], body: body).status
    }

    /// No file of the place holds this text: neither database, log nor output.
    private static func expectNowhere(_ text: String, in fleet: Fleet) throws {
        let files = try FileManager.default.subpathsOfDirectory(atPath: fleet.place.path)
        #expect(files.contains("flotilla.db"))
        for file in files {
            let bytes = FileManager.default.contents(atPath: fleet.place.file(file)) ?? Data()
            #expect(bytes.firstRange(of: Data(text.utf8)) == nil, "\(file)")
        }
    }

    @Test func `Asana's secret outlives a killed process and is nowhere in clear; no other takes its place`() async throws {
        try await Self.with { fleet in
            let first = try await fleet.up()
            #expect(try await Self.event(fleet, by: Self.secret) == 401)
            let answer = try await Self.offer(Self.secret, to: fleet)
            #expect(answer.status == 200)
            #expect(answer.header("X-Hook-Secret") == Self.secret)
            #expect(try await Self.event(fleet, by: Self.secret) == 200)
            first.send(SIGKILL)
            try await first.end()
            try Self.expectNowhere(Self.secret, in: fleet)
            let second = try await fleet.up()
            #expect(try await Self.event(fleet, by: Self.secret) == 200)
            #expect(try await Self.offer("another-secret", to: fleet).status == 401)
            #expect(try await Self.event(fleet, by: "another-secret") == 401)
            #expect(try await Self.offer(Self.secret, to: fleet).status == 200)
            second.send(SIGTERM)
            #expect(try await second.end() == .exited(0))
            try Self.expectNowhere(Self.secret, in: fleet)
        }
    }

    @Test func `an operator sees what was handed over, shows Notion its token, and forgets; each is recorded`() async throws {
        try await Self.with { fleet in
            _ = try await fleet.up()
            #expect(try await fleet.command("hooks", "secrets").ending == .exited(1))
            #expect(try await fleet.command("hooks", "reveal", "wiki").ending == .exited(1))
            #expect(try await fleet.command("hooks", "forget", "wiki", "--yes").ending == .exited(1))
            let body = Array(#"{"verification_token":"\#(Self.token)"}"#.utf8)
            #expect(try await Wire.request(fleet.listen, "POST", "/hooks/wiki", body: body).status == 200)
            let listed = try await fleet.command("hooks", "secrets", "--json")
            let row = try JSONValue(parsing: listed.output)
            #expect(["hook", "key", "state"].map { row[$0]?.string } == ["wiki", "k1", "opens"])
            let revealed = try await fleet.command("hooks", "reveal", "wiki")
            #expect(revealed.ending == .exited(0))
            #expect(revealed.output == Self.token + "\n")

            let dry = try await fleet.command("hooks", "forget", "wiki", "--dry-run")
            #expect(dry.ending == .exited(0))
            #expect(dry.output.hasPrefix("would forget"))
            #expect(try await Self.offerToken("secret_another", to: fleet) == 401)
            #expect(try await fleet.command("hooks", "forget", "wiki", "--yes").ending == .exited(0))
            // The running process sees it within a second.
            try await until("another token is taken") { try await Self.offerToken("secret_another", to: fleet) == 200 }
            #expect(try await fleet.command("hooks", "reveal", "wiki").output == "secret_another\n")
            let deeds = try await fleet.database { try await $0.ledger.deeds(limit: 10) }.map(\.what)
            #expect(deeds.reversed() == ["hooks reveal wiki", "hooks forget wiki: begun", "hooks forget wiki: done", "hooks reveal wiki"])
        }
    }

    private static func offerToken(_ token: String, to fleet: Fleet) async throws -> Int {
        let body = Array(#"{"verification_token":"\#(token)"}"#.utf8)
        return try await Wire.request(fleet.listen, "POST", "/hooks/wiki", body: body).status
    }

    @Test func `a hook that waits for its secret needs FLOTILLA_KEYS, and the fault says so; a configured one does not`() async throws {
        try await Self.with { fleet in
            var fleet = fleet
            fleet.environment["FLOTILLA_KEYS"] = nil
            let refused = try await fleet.place.run("flotilla-ingress", ["--check"], fleet.environment)
            #expect(refused.ending == .exited(1))
            #expect(refused.errors.contains("FLOTILLA_KEYS must hold a key"))
            #expect(refused.errors.contains("tasks, wiki"))
            fleet.environment["FLOTILLA_HOOK_TASKS_SECRET"] = Self.secret
            fleet.environment["FLOTILLA_HOOK_WIKI_SECRET"] = Self.token
            #expect(try await fleet.place.run("flotilla-ingress", ["--check"], fleet.environment).ending == .exited(0))
            fleet.environment["FLOTILLA_KEYS"] = "k1:hush"
            let faulty = try await fleet.place.run("flotilla-ingress", [], fleet.environment)
            #expect(faulty.ending == .exited(78))
            #expect(faulty.errors.contains("FLOTILLA_KEYS must hold 32 bytes") && !faulty.errors.contains("hush"))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaCrypto
internal import FlotillaModel
internal import Foundation
internal import Glibc
internal import TestSupport
internal import Testing

/// A fleet's configuration in a test's folder, and what the test does to the fleet: everything in one database and one log file, two hooks,
/// GitHub's events routed to the log-sink, those of the other hook to nobody.
struct Fleet: Sendable {
    static let secret = "a-secret-of-these-tests"
    static let standardSecret = "whsec_" + Data("another secret of these tests, longer".utf8).base64EncodedString()

    let place: Place
    let listen: Int
    let admin: Int
    var environment: [String: String]

    init(_ place: Place, database: String = "flotilla.db") throws {
        self.place = place
        listen = try Ports.free()
        admin = try Ports.free()
        environment = [
            "FLOTILLA_BROKER": "sqlite:\(database)", "FLOTILLA_STORE": "sqlite:\(database)",
            "FLOTILLA_LISTEN": "127.0.0.1:\(listen)", "FLOTILLA_ADMIN": "127.0.0.1:\(admin)",
            "FLOTILLA_HOOKS": "github,shop=standard-webhooks", "FLOTILLA_HOOK_GITHUB_SECRET": Self.secret,
            "FLOTILLA_HOOK_SHOP_SECRET": Self.standardSecret, "FLOTILLA_ROUTES": "github.#>log-sink",
            "FLOTILLA_LOG_SINKS": "file:log.jsonl",
        ]
    }

    static func with<Value>(_ change: [String: String] = [:], _ body: (Fleet) async throws -> Value) async throws -> Value {
        try await Place.with { place in
            var fleet = try Fleet(place)
            fleet.environment.merge(change) { $1 }
            return try await body(fleet)
        }
    }

    // MARK: Processes

    /// Started, and ready.
    func up(_ program: String = "flotilla", within limit: Duration = .seconds(20)) async throws -> Child {
        let child = try place.start(program, program == "flotilla" ? ["up"] : [], environment)
        try await ready(child, on: admin, within: limit)
        return child
    }

    func ready(_ child: Child, on port: Int, within limit: Duration = .seconds(20)) async throws {
        try await until("ready", within: limit) {
            if let ending = child.hasEnded { throw TooLate(description: "ended while it started: \(ending): \(child.errors)") }
            return (try? await Wire.get(port, "/readyz").status) == 200
        }
    }

    /// A command of the operator, with the same environment.
    func command(_ words: String..., within limit: Duration = .seconds(30)) async throws -> Finished {
        try await place.run("flotilla", words, environment, within: limit)
    }

    // MARK: Requests

    func post(_ body: [UInt8], id: String, hook: String = "github", signed: [UInt8]? = nil) async throws -> Wire.Answer {
        try await Wire.request(listen, "POST", "/hooks/\(hook)", headers: Self.headers(of: signed ?? body, id: id), body: body)
    }

    static func headers(of body: [UInt8], id: String, secret: String = secret) throws -> [(String, String)] {
        let code = try Hex.encode(HMACKey(Array(secret.utf8)).code(body))
        return [
            ("Content-Type", "application/json"), ("X-GitHub-Event", "push"), ("X-GitHub-Delivery", id),
            ("X-Hub-Signature-256", "sha256=" + code),
        ]
    }

    static let body = Array(#"{"ref":"refs/heads/main","repository":{"full_name":"a/b"}}"#.utf8)

    // MARK: Results

    /// The ids in the log-sink's file, in their order; fails the test for a line that is none.
    func written() throws -> [String] {
        try place.lines("log.jsonl").map { try #require(JSONValue(parsing: $0)["id"]?.string) }
    }

    func database<Value>(_ body: (OpenFile) async throws -> Value) async throws -> Value {
        try await OpenFile.with(place.file("flotilla.db"), body)
    }

    /// Every line that `flotilla send --json` printed: the id and the status, 0 where there was none.
    static func answers(_ output: String) throws -> [(id: String, status: Int)] {
        try output.split(separator: "\n").map { line in
            let value = try JSONValue(parsing: String(line))
            return (try #require(value["id"]?.string), value["status"]?.integer ?? 0)
        }
    }
}

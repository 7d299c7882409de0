// SPDX-License-Identifier: Apache-2.0

import FlotillaCrypto
import FlotillaHTTP
import FlotillaModel
import FlotillaRuntime
import Foundation
import Glibc
import TestSupport

/// One program of the fleet, with a store and a log in a folder of its own.
final class Started: Sendable {
    private let folder: Folder
    private let process: Process
    private let admin: Int
    private let listen: Int
    private static let secret = "a-secret-of-these-tests"

    init(_ program: String, broker: String, prefix: String, store: String = "sqlite:flotilla.db") throws {
        folder = try Folder()
        admin = try Ports.free()
        listen = try Ports.free()
        process = Process()
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent(program)
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.environment = Self.environment
        process.environment?.merge(
            [
                "FLOTILLA_BROKER": broker, "FLOTILLA_PREFIX": prefix, "FLOTILLA_STORE": store, "FLOTILLA_ADMIN": "127.0.0.1:\(admin)",
            ]
        ) { $1 }
        process.environment?.merge(
            program == "flotilla-ingress"
                ? [
                    "FLOTILLA_LISTEN": "127.0.0.1:\(listen)", "FLOTILLA_HOOKS": "github",
                    "FLOTILLA_HOOK_GITHUB_SECRET": Self.secret,
                ] : ["FLOTILLA_LOG_SINKS": "file:log.jsonl"]
        ) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try folder.write(Data(), to: "errors")
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.path + "/errors"))
        try process.run()
    }

    /// Of a program that is told nothing: built with the same sanitizer as the tests are, if any.
    static var environment: [String: String] {
        let names = ["LD_PRELOAD", "TSAN_OPTIONS", "ASAN_OPTIONS"]
        let ours = ProcessInfo.processInfo.environment.filter { names.contains($0.key) }
        return ours.merging(["PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no"]) { $1 }
    }

    var log: String { (try? folder.bytes("errors")).map { String(decoding: $0, as: UTF8.self) } ?? "" }
    var isRunning: Bool { process.isRunning }
    var status: Int32 { process.terminationStatus }

    func terminate() { process.terminate() }

    func get(_ path: String) async throws -> (status: Int, text: String) {
        let page = try await send(ClientRequest(url: "http://127.0.0.1:\(admin)\(path)", timeout: .seconds(20)))
        return (page.status, String(decoding: page.body, as: UTF8.self))
    }

    /// A push, as GitHub posts it.
    func push(_ id: String) async throws -> ClientResponse {
        let body = Array(#"{"ref":"refs/heads/main"}"#.utf8)
        let signature = Hex.encode(try HMACKey(Array(Self.secret.utf8)).code(body))
        let headers = Headers([
            ("Content-Type", "application/json"), ("X-GitHub-Event", "push"), ("X-GitHub-Delivery", id),
            ("X-Hub-Signature-256", "sha256=" + signature),
        ])
        return try await send(ClientRequest(method: "POST", url: "http://127.0.0.1:\(listen)/hooks/github", headers: headers, body: body))
    }

    private func send(_ request: ClientRequest) async throws -> ClientResponse {
        let loop = try Loop("client")
        defer { loop.stop() }
        let client = Client(loop: loop, connections: 1)
        let answer: Result<ClientResponse, any Error>
        do {
            answer = .success(try await client.send(request))
        } catch {
            answer = .failure(error)
        }
        await client.close()
        return try answer.get()
    }

    func isReady() async throws -> Bool { try await readiness()?.status == 200 }

    /// Not ready, for this reason.
    func waits(for why: String) async throws -> Bool {
        try await readiness().map { $0.status == 503 && $0.text.contains(why) } ?? false
    }

    private func readiness() async throws -> (status: Int, text: String)? {
        guard process.isRunning else { throw RawRabbit.Refused(what: "it ended: \(log)") }
        return try? await get("/readyz")
    }

    func end() {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }
}

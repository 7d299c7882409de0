// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc
internal import TestSupport
internal import Testing

/// A fleet whose ingress speaks HTTPS, as curl sees it.
@Suite(.enabled(if: environment("FLOTILLA_TEST_TOOLS"), "FLOTILLA_TEST_TOOLS names no folder"))
struct HTTPSTests {
    private func run(_ place: Place, _ program: String, _ words: String) async throws -> (status: Int32, output: String) {
        let path = place.path
        return try await onThread {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: program)
            process.arguments = words.split(separator: " ").map(String.init)
            process.currentDirectoryURL = URL(fileURLWithPath: path)
            let output = Pipe()
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            try process.run()
            let text = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return (process.terminationStatus, String(decoding: text, as: UTF8.self))
        }
    }

    private func make(_ name: String, in place: Place) async throws {
        let words =
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
        #expect(try await run(place, "/usr/bin/openssl", "\(words) -keyout \(name).key -out \(name).crt").status == 0)
    }

    private func use(_ name: String, in place: Place) throws {
        for end in ["crt", "key"] { try place.write(place.text("\(name).\(end)"), to: "used.\(end)") }
    }

    /// Whether a client that trusts this certificate alone gets an answer.
    private func isShown(_ name: String, _ fleet: Fleet) async throws -> Bool {
        let words = "-s --max-time 10 --cacert \(name).crt https://localhost:\(fleet.listen)/"
        return try await run(fleet.place, "/usr/bin/curl", words).output.contains("flotilla-ingress")
    }

    @Test("a renewed certificate is shown after SIGHUP, and one that is no good is told of and not used")
    func renewed() async throws {
        let change = ["FLOTILLA_TLS_CERT_FILE": "used.crt", "FLOTILLA_TLS_KEY_FILE": "used.key"]
        try await Fleet.with(change) { fleet in
            let place = fleet.place
            for name in ["first", "second"] { try await make(name, in: place) }
            try use("first", in: place)
            let child = try await fleet.up()
            #expect(child.output.contains("https://127.0.0.1"))
            #expect(try await isShown("first", fleet))
            #expect(try await !isShown("second", fleet))
            try use("second", in: place)
            child.send(SIGHUP)
            try await until("it is replaced") { child.errors.contains("certificate replaced") }
            #expect(try await isShown("second", fleet))
            #expect(try await !isShown("first", fleet))
            try place.write(place.text("first.crt"), to: "used.crt")
            child.send(SIGHUP)
            try await until("it is told") { child.errors.contains("FLOTILLA_TLS_KEY must hold the private key of the first certificate") }
            #expect(try await isShown("second", fleet))
            #expect(!child.errors.contains("PRIVATE KEY-----"))
        }
    }

    @Test(
        "what can't be TLS is a fault, each with its remedy, and no key is shown",
        arguments: [
            (["FLOTILLA_TLS_CERT_FILE": "some.crt"], "FLOTILLA_TLS_KEY is not set: it belongs to FLOTILLA_TLS_CERT"),
            (["FLOTILLA_TLS_KEY_FILE": "some.key"], "FLOTILLA_TLS_CERT is not set: it belongs to FLOTILLA_TLS_KEY"),
            (["FLOTILLA_TLS_CERT": "some.crt", "FLOTILLA_TLS_KEY_FILE": "some.key"], "FLOTILLA_TLS_CERT must hold certificates in PEM"),
            (
                ["FLOTILLA_TLS_CERT_FILE": "some.crt", "FLOTILLA_TLS_KEY_FILE": "some.crt"],
                "FLOTILLA_TLS_KEY must hold a private key in PEM"
            ),
            (
                ["FLOTILLA_TLS_CERT_FILE": "some.crt", "FLOTILLA_TLS_KEY_FILE": "other.key"],
                "FLOTILLA_TLS_KEY must hold the private key of the first certificate"
            ),
            (
                ["FLOTILLA_TLS_CERT_FILE": "some.crt", "FLOTILLA_TLS_KEY_FILE": "not-there"],
                "FLOTILLA_TLS_KEY_FILE must name a readable file"
            ),
        ] as [([String: String], String)])
    func faulty(_ change: [String: String], _ fault: String) async throws {
        try await Fleet.with(change) { fleet in
            for name in ["some", "other"] { try await make(name, in: fleet.place) }
            let finished = try await fleet.command("up")
            #expect(finished.ending == .exited(78))
            #expect(finished.errors.contains(fault), "\(finished.errors)")
            #expect(!finished.errors.contains("PRIVATE KEY-----"))
        }
    }
}

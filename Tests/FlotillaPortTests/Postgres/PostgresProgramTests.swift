// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// Programs whose store is a PostgreSQL: they wait for one that is away and say for what, and never show its password.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .timeLimit(.minutes(5)))
struct PostgresProgramTests {
    @Test(arguments: ["flotilla-log-sink", "flotilla-ingress"])
    func `a program whose database is away is not ready, says why, works once it is there, and tells when it is lost`(_ program: String)
        async throws
    {
        let server = try await PostgresServer.shared
        let prefix = program == "flotilla-ingress" ? "ingress_" : "sink_"
        defer { _ = try? server.run("DROP SCHEMA IF EXISTS \(prefix)flotilla CASCADE") }
        let port = try Ports.free()
        let started = try Started(program, broker: "sqlite:flotilla.db", prefix: prefix, store: server.url(port: port))
        defer { started.end() }
        try await until { try await started.waits(for: "Connection refused") }
        #expect(try await started.get("/healthz").status == 200)
        let proxy = try TCPProxy(to: server.port, on: port)
        try await until { try await started.isReady() }
        #expect(!(try await started.get("/readyz").text.contains("other replicas")))
        proxy.end()
        try await until { try await started.waits(for: "store") }
        let again = try TCPProxy(to: server.port, on: port)
        defer { again.end() }
        try await until { try await started.isReady() }
        started.terminate()
        try await until { !started.isRunning }
        #expect(started.status == 0)
        #expect(!started.log.contains("s3cret"))
        // A process that ends takes its session along.
        #expect(try server.run("SELECT count(*) FROM \(prefix)flotilla.session") == [["0"]])
    }

    @Test func `a wrong password is waited for at the start, and is never shown`() async throws {
        let server = try await PostgresServer.shared
        let started = try Started(
            "flotilla-log-sink", broker: "sqlite:flotilla.db", prefix: "", store: server.url(password: "hush-hush"))
        defer { started.end() }
        try await until { try await started.waits(for: "refuses the user or the password") }
        started.terminate()
        try await until { !started.isRunning }
        #expect(started.status == 0 && !started.log.contains("hush"))
    }

    @Test(arguments: [("s3cret/@:%", 0), ("hush-hush", 1)])
    func `--check reaches the database, and says what is wrong with it`(_ password: String, _ status: Int32) async throws {
        let server = try await PostgresServer.shared
        let prefix = "check\(status)_"
        defer { _ = try? server.run("DROP SCHEMA IF EXISTS \(prefix)flotilla CASCADE") }
        let (ended, text) = try run(
            "flotilla-log-sink", ["--check"],
            ["FLOTILLA_STORE": server.url(password: password), "FLOTILLA_PREFIX": prefix, "FLOTILLA_BROKER": "sqlite:flotilla.db"])
        #expect(ended == status, "\(text)")
        #expect(
            text.contains(status == 0 ? "ok" : "refuses the user or the password") && !text.contains("hush") && !text.contains("s3cret"))
    }

    @Test func `flotilla migrate says what it would do, does it, and then has nothing to do`() async throws {
        let server = try await PostgresServer.shared
        defer { _ = try? server.run("DROP SCHEMA IF EXISTS job_flotilla CASCADE") }
        let environment = ["FLOTILLA_STORE": server.url(), "FLOTILLA_PREFIX": "job_"]
        let dry = try run("flotilla", ["migrate", "--dry-run"], environment)
        #expect(dry.status == 0 && dry.text.contains("would take step 1") && dry.text.contains("CREATE TABLE claim"))
        #expect(try server.run("SELECT 1 FROM pg_namespace WHERE nspname = 'job_flotilla'").isEmpty)
        let done = try run("flotilla", ["migrate"], environment)
        #expect(done.status == 0 && done.text.contains("took step 1"))
        let again = try run("flotilla", ["migrate"], environment)
        #expect(again.status == 0 && again.text.contains("is of this version") && !again.text.contains("s3cret"))
        let away = try run("flotilla", ["migrate"], ["FLOTILLA_STORE": server.url(port: Ports.free())])
        #expect(away.status == 69 && away.text.contains("Connection refused"))
    }

    /// One event is done; of the other nobody knows whether its effect happened.
    @Test func `audit, ledger show and dead resolve go by what is in the database`() async throws {
        try await CrashGround.onFileAndDatabase { field, database in
            let service = try RecordingService()
            defer { service.end() }
            let ids = ["keyed-1", "once-1"]
            func work(_ orders: [String]) async throws {
                let worker = try field.worker(service, orders)
                defer { worker.stop() }
                try await until { try await field.ended(ids) }
            }
            let environment = [
                "FLOTILLA_BROKER": "sqlite:\(field.folder.path)/flotilla.db", "FLOTILLA_STORE": database.server.url(),
                "FLOTILLA_PREFIX": database.prefix,
            ]
            try await field.publish(ids)
            try await work(["point=1:intended", "concurrency=1"])
            let whole = try run("flotilla", ["audit"], environment)
            #expect(whole.status == 0 && whole.text.contains("nothing is missing of 2 accepted events"), "\(whole.text)")

            let unknown = try run("flotilla", ["ledger", "show", "once-1", "--json"], environment)
            #expect(unknown.status == 0 && unknown.text.contains(#""state":"dead""#), "\(unknown.text)")
            #expect(unknown.text.contains(#""state":"intended""#))
            let verdict = ["--id", "once-1", "--effect", "send", "--happened", "--result", "receipt of once-1"]
            let resolved = try run("flotilla", ["dead", "resolve", "q"] + verdict, environment)
            #expect(resolved.status == 0, "\(resolved.text)")
            try await work([])
            let known = try run("flotilla", ["ledger", "show", "once-1", "--json"], environment)
            #expect(known.text.contains(#""state":"done""#) && known.text.contains(#""state":"resolved""#), "\(known.text)")
            #expect(service.count("keyed-1") == 1 && service.count("once-1") == 0)

            try field.deleteRow(key("keyed-1"))
            let wanting = try run("flotilla", ["audit"], environment)
            #expect(wanting.status == 1 && wanting.text.contains("keyed-1") && !wanting.text.contains("once-1"), "\(wanting.text)")
            #expect(try run("flotilla", ["ledger", "show", "nobody"], environment).status == 1)
        }
    }

    private func run(_ program: String, _ words: [String], _ environment: [String: String]) throws -> (status: Int32, text: String) {
        let folder = try Folder()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent(program)
        process.arguments = words
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.environment = Started.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        try folder.write(Data(), to: "output")
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.path + "/output"))
        process.standardOutput = output
        process.standardError = output
        try process.run()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: try folder.bytes("output"), as: UTF8.self))
    }
}

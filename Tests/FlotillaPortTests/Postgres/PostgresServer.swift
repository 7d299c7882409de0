// SPDX-License-Identifier: Apache-2.0

import FlotillaPostgres
import Foundation
import Glibc
import TestSupport

/// One PostgreSQL server in a folder of its own, on a port of its own, by a user who may: it refuses root. Started for the first test that
/// needs it, ended with the process of the tests, however that ends: a shell looks after its parent.
final class PostgresServer: Sendable {
    static let programs = "/usr/lib/postgresql/15/bin"

    static var isInstalled: Bool {
        ProcessInfo.processInfo.environment["FLOTILLA_TEST_TOOLS"] != nil
            || FileManager.default.isExecutableFile(atPath: programs + "/postgres")
    }

    /// The server that the conformance suite shares; each test uses a schema of its own.
    private static let starting = Task { try await PostgresServer() }
    static var shared: PostgresServer { get async throws { try await starting.value } }

    static let user = "fleet"
    static let password = "s3cret/@:%"

    let port: Int
    let folder: Folder
    private let lifeline: Pipe
    private let shell: Process

    /// - Parameters:
    ///   - settings: more lines of its configuration.
    ///   - isSecure: with a certificate that it has signed itself, for `localhost`.
    init(_ settings: String = "", isSecure: Bool = false) async throws {
        folder = try Folder()
        port = try Ports.free()
        try folder.write(Data(Self.password.utf8), to: "password")
        try folder.write(
            Data(
                """
                listen_addresses = '127.0.0.1'
                port = \(port)
                unix_socket_directories = '\(folder.path)/data'
                max_connections = 400
                fsync = off
                logging_collector = off
                \(isSecure ? "ssl = on\nssl_cert_file = 'server.crt'\nssl_key_file = 'server.key'" : "")
                \(settings)
                """.utf8), to: "settings")
        chmod(folder.path, 0o755)
        shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/bash")
        shell.arguments = ["-c", Self.script]
        shell.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        shell.environment = [
            "PATH": Self.programs + ":/usr/bin:/bin:/usr/sbin:/sbin", "PLACE": folder.path, "LANG": "C.UTF-8", "USER_NAME": Self.user,
            "SECURE": isSecure ? "1" : "",
        ]
        lifeline = Pipe()
        shell.standardInput = lifeline
        shell.standardOutput = FileHandle.nullDevice
        shell.standardError = FileHandle.nullDevice
        try shell.run()
        try await answering()
    }

    /// Whatever is left of it goes with the shell.
    private static let script = """
        set -m
        as=()
        if [ "$(id -u)" -eq 0 ]; then
            user=$(id -un postgres 2>/dev/null || echo nobody)
            as=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --clear-groups)
        fi
        mkdir data && chmod 700 data
        [ -z "$user" ] || chown "$user" data password settings
        "${as[@]}" initdb -D data -U "$USER_NAME" --pwfile=password -A scram-sha-256 -E UTF8 --no-locale --no-sync </dev/null >out 2>&1
        if [ -n "$SECURE" ]; then
            openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \\
                -keyout data/server.key -out data/server.crt </dev/null >>out 2>&1
            cp data/server.crt authority.crt && chmod 644 authority.crt
            [ -z "$user" ] || chown "$user" data/server.key data/server.crt
            chmod 600 data/server.key
        fi
        cat settings >>data/postgresql.conf
        begin() { "${as[@]}" postgres -D data </dev/null >>out 2>&1 & server=$!; }
        children() { ps -o pid= --ppid "$server"; }
        end() { kill -INT "$server"; wait "$server"; }
        crash() { kill -9 "$server" $(children); wait "$server"; }
        stop() { kill -STOP "$server" $(children); }
        go() { kill -CONT "$server" $(children); }
        begin
        while kill -0 "$PPID" 2>/dev/null; do
            read -r -t 1 word && { "$word"; echo "$word" >>done; }
            [ $? -le 128 ] && [ -z "$word" ] && break
            word=
        done 2>/dev/null
        kill -9 "$server" $(children) 2>/dev/null
        wait "$server"
        rm -rf "$PLACE"
        """

    /// Returns when the shell has done it.
    private func tell(_ word: String) async throws {
        let before = (try? folder.bytes("done").count) ?? 0
        try lifeline.fileHandleForWriting.write(contentsOf: Data("\(word)\n".utf8))
        try await until { [folder] in ((try? folder.bytes("done").count) ?? 0) > before }
    }

    /// As an operator stops it: sessions are ended.
    func end() async throws { try await tell("end") }

    /// As by a machine that fails.
    func kill() async throws { try await tell("crash") }

    func start() async throws {
        try await tell("begin")
        try await answering()
    }

    /// Everything of it stands still; connections stay open.
    func hang() async throws { try await tell("stop") }
    func goOn() async throws { try await tell("go") }

    private func answering() async throws {
        let address = try address()
        try await until(within: .seconds(90)) { (try? RawPostgres.run(address, "SELECT 1")) != nil }
    }

    func address(
        user: String = PostgresServer.user, password: String = PostgresServer.password, database: String = "postgres",
        host: String = "127.0.0.1", port: Int? = nil, options: String = ""
    ) throws -> StoreAddress {
        try StoreAddress(url(user: user, password: password, database: database, host: host, port: port, options: options))
    }

    func url(
        user: String = PostgresServer.user, password: String = PostgresServer.password, database: String = "postgres",
        host: String = "127.0.0.1", port: Int? = nil, options: String = ""
    ) -> String {
        let escaped = password.utf8.map { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
                ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        return "postgres://\(user):\(escaped)@\(host):\(port ?? self.port)/\(database)\(options)"
    }

    /// Statements as an administrator runs them.
    @discardableResult
    func run(_ statements: String...) throws -> [[String?]] {
        try RawPostgres.run(try address(), statements.joined(separator: ";\n"))
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaRabbitMQ
import FlotillaRuntime
import Foundation
import Glibc
import Synchronization
import TestSupport

/// One RabbitMQ node in a folder of its own, on ports of its own: started for the first test that needs it, ended with the process of
/// the tests, however that ends: a shell looks after its parent.
final class RabbitNode: Sendable {
    static let program = "/usr/lib/rabbitmq/bin/rabbitmq-server"

    static var isInstalled: Bool {
        ProcessInfo.processInfo.environment["FLOTILLA_TEST_TOOLS"] != nil || FileManager.default.isExecutableFile(atPath: program)
    }

    /// The node that the conformance suite shares; each test uses a prefix of its own.
    private static let starting = Task { try await RabbitNode() }
    static var shared: RabbitNode { get async throws { try await starting.value } }

    let port: Int
    /// Where it speaks TLS, if it does.
    let securePort: Int
    /// Where its management API is, if it has one.
    let managementPort: Int
    private let folder: Folder
    /// Nil: it is a broker by itself.
    private let cluster: Cluster?
    private let lifeline: Pipe
    private let shell: Process

    /// - Parameters:
    ///   - certificates: with them it speaks TLS, too, and lets a client in by its certificate.
    ///   - isManaged: whether it has the management API.
    ///   - cluster: with it the node is one of several, the one on `port`.
    init(certificates: Certificates? = nil, isManaged: Bool = false, cluster: Cluster? = nil, port: Int? = nil) async throws {
        folder = try Folder()
        self.cluster = cluster
        securePort = try Ports.free()
        managementPort = try Ports.free()
        self.port = try port ?? Ports.free()
        let port = self.port
        let distribution = try Ports.free()
        let mapper = try cluster?.mapper ?? Ports.free()
        try folder.write(
            Data(
                """
                listeners.tcp.default = 127.0.0.1:\(port)
                disk_free_limit.absolute = 50MB
                log.console = false
                \(certificates?.settings(port: securePort) ?? "")
                \(isManaged ? "management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = \(managementPort)" : "")
                \(cluster?.settings ?? "")
                """.utf8), to: "rabbitmq.conf")
        let plugins = [certificates == nil ? nil : "rabbitmq_auth_mechanism_ssl", isManaged ? "rabbitmq_management" : nil]
        try folder.write(Data("[\(plugins.compactMap(\.self).joined(separator: ","))].\n".utf8), to: "plugins")
        try folder.write(Data("flotillatests".utf8), to: ".erlang.cookie")
        chmod(folder.path + "/.erlang.cookie", 0o400)
        shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/bash")
        shell.arguments = ["-c", Self.script]
        // Where a node leaves what it writes when it ends badly.
        shell.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        shell.environment = [
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": folder.path, "RABBITMQ_NODENAME": Self.name(port),
            "RABBITMQ_MNESIA_BASE": folder.path + "/data", "RABBITMQ_LOG_BASE": folder.path + "/log",
            "RABBITMQ_CONFIG_FILE": folder.path + "/rabbitmq.conf", "RABBITMQ_ENABLED_PLUGINS_FILE": folder.path + "/plugins",
            "RABBITMQ_PID_FILE": folder.path + "/pid", "RABBITMQ_DIST_PORT": "\(distribution)", "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": "\(mapper)", "LANG": "C.UTF-8",
        ]
        // Those of a cluster have to start together; of others so many at once would be late.
        if cluster == nil { await Turnstile.boots.enter() }
        defer { if cluster == nil { Turnstile.boots.leave() } }
        lifeline = Pipe()
        shell.standardInput = lifeline
        shell.standardOutput = FileHandle.nullDevice
        shell.standardError = FileHandle.nullDevice
        try shell.run()
        let address = try address
        try await until(within: .seconds(90)) { RawRabbit.answers(address) }
    }

    /// The node is a process group of its own, which is ended as a whole; its folder goes with it.
    private static let script = """
        set -m
        begin() { \(program) </dev/null >>"$HOME/out" 2>&1 & job=$!; }
        end() { kill -9 -- "-$job" 2>/dev/null; wait "$job"; }
        # In a cluster the first one's serves all, and the others' end at once.
        epmd -address 127.0.0.1 -port "$ERL_EPMD_PORT" </dev/null >/dev/null 2>&1 & mapper=$!
        begin
        while kill -0 "$PPID" 2>/dev/null; do
            read -r -t 1 word && "$word"
            [ $? -le 128 ] && [ -z "$word" ] && break
            word=
        done
        end
        # What the tests block or ignore, their children do as well.
        kill -9 "$mapper" 2>/dev/null
        rm -rf "$HOME"
        """

    static func name(_ port: Int) -> String { "n\(port)@localhost" }

    /// As the broker calls it.
    var name: String { Self.name(port) }

    /// As by a machine that fails: no word is said to anybody.
    ///
    /// A node writes down half a second later which replicated queues it has. One that is killed before that makes a queue anew, empty and
    /// without a leader, and has lost what was confirmed in it: 3.10.8 alone can't do better, and it is not what is tested here. So it
    /// writes it down at once.
    func kill() async throws {
        try await control("eval", "#{names := #{directory_rev := T}} = ra_system:fetch(quorum_queues), ok = dets:sync(T).")
        try lifeline.fileHandleForWriting.write(contentsOf: Data("end\n".utf8))
    }

    /// Returns when it says that it has started.
    func start() async throws {
        try lifeline.fileHandleForWriting.write(contentsOf: Data("begin\n".utf8))
        // Fails as long as the node is not registered.
        try await until(within: .seconds(90)) { (try? await self.control("await_startup")) != nil }
    }

    /// What an operator does to the node; answers what the broker's tool printed.
    @discardableResult
    func control(_ arguments: String...) async throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/lib/rabbitmq/bin/rabbitmqctl")
        process.arguments = ["-q", "-n", name] + arguments
        process.environment = shell.environment
        process.standardInput = FileHandle.nullDevice
        let output = "control-\(UUID().uuidString)"
        try folder.write(Data(), to: output)
        process.standardOutput = FileHandle(forWritingAtPath: folder.path + "/" + output)
        process.standardError = FileHandle.nullDevice
        let ended = Tally()
        process.terminationHandler = { _ in ended.add() }
        try process.run()
        try await within(.seconds(60), "rabbitmqctl") { await ended.reach(1) }
        guard process.terminationStatus == 0 else { throw RawRabbit.Refused(what: "rabbitmqctl \(arguments) failed") }
        return String(decoding: try folder.bytes(output), as: UTF8.self)
    }

    var address: BrokerAddress { get throws { try BrokerAddress("amqp://guest:guest@127.0.0.1:\(port)") } }
}

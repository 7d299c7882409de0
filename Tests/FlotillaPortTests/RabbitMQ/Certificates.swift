// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// An authority of its own, and certificates of it for the time of a test: for a broker on localhost, for a client named `worker`, and
/// one that has expired. `stranger` is another authority.
struct Certificates: Sendable {
    static let program = "/usr/bin/openssl"

    private let folder: Folder

    init() throws {
        folder = try Folder()
        for name in ["authority", "stranger"] {
            try run("req", "-x509", "-nodes", "-keyout", "\(name).key", "-out", "\(name).pem", "-subj", "/CN=\(name)", "-days", "2")
        }
        try make("broker", host: "localhost", days: 2)
        try make("expired", host: "localhost", days: -1)
        try make("worker", host: "worker", days: 2)
    }

    func path(_ name: String) -> String { folder.path + "/" + name }

    /// Of a node that listens with the broker's certificate.
    func settings(port: Int) -> String {
        """
        listeners.ssl.default = 127.0.0.1:\(port)
        ssl_options.cacertfile = \(path("authority.pem"))
        ssl_options.certfile = \(path("broker.pem"))
        ssl_options.keyfile = \(path("broker.key"))
        ssl_options.verify = verify_peer
        ssl_options.fail_if_no_peer_cert = false
        auth_mechanisms.1 = PLAIN
        auth_mechanisms.2 = EXTERNAL
        ssl_cert_login_from = common_name
        """
    }

    private func make(_ name: String, host: String, days: Int) throws {
        try run(
            "req", "-nodes", "-keyout", "\(name).key", "-out", "\(name).request", "-subj", "/CN=\(host)",
            "-addext", "subjectAltName=DNS:\(host)")
        try sign(name, days)
    }

    private func sign(_ name: String, _ days: Int) throws {
        try run(
            "x509", "-req", "-in", "\(name).request", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial",
            "-copy_extensions", "copy", "-days", "\(days)", "-out", "\(name).pem", key: false)
    }

    private func run(_ arguments: String..., key: Bool = true) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.program)
        process.arguments = arguments + (key ? ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"] : [])
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CertificateFailure(what: arguments.first ?? "") }
    }

    /// Of openssl, in this of its commands.
    struct CertificateFailure: Error {
        let what: String
    }
}

// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import FlotillaHTTP
import FlotillaRuntime
import Foundation
import TestSupport
import Testing

extension RawClient {
    enum TLSVersion: Int32, Sendable, CaseIterable {
        case tls11 = 0x0302
        case tls12 = 0x0303
        case tls13 = 0x0304
    }

    /// A session that has said nothing yet; it trusts whatever the server shows.
    private func session(_ version: TLSVersion?, _ protocols: [String]) throws -> OpaquePointer {
        let context = try #require(SSL_CTX_new(TLS_client_method()))
        defer { SSL_CTX_free(context) }
        // So that an old version is refused by the server and not by this client.
        SSL_CTX_set_security_level(context, 0)
        let session = try #require(SSL_new(context))
        if let version {
            SSL_ctrl(session, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(version.rawValue), nil)
            SSL_ctrl(session, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(version.rawValue), nil)
        }
        let list = protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        if !list.isEmpty { SSL_set_alpn_protos(session, list, UInt32(list.count)) }
        SSL_set_fd(session, descriptor)
        SSL_set_connect_state(session)
        return session
    }

    /// From here on by TLS. Throws when the handshake fails.
    func secure(_ version: TLSVersion? = nil, protocols: [String] = []) throws {
        let session = try session(version, protocols)
        ERR_clear_error()
        guard SSL_connect(session) == 1 else {
            SSL_free(session)
            throw Failure.reset
        }
        tls = session
    }

    static func secured(_ port: UInt16, _ version: TLSVersion? = nil) throws -> RawClient {
        let client = try RawClient(port: port)
        try client.secure(version)
        return client
    }

    /// The first bytes that a client sends.
    func hello() throws -> [UInt8] {
        let session = try session(nil, [])
        defer { SSL_free(session) }
        return try Self.written(by: session) { SSL_connect(session) }
    }

    /// As it would go over the wire, once the handshake is over.
    func encrypted(_ text: String) throws -> [UInt8] {
        let session = try #require(tls)
        defer { SSL_set0_wbio(session, BIO_new_socket(descriptor, 0)) }
        return try Self.written(by: session) { SSL_write(session, text, Int32(text.utf8.count)) }
    }

    private static func written(by session: OpaquePointer, _ body: () -> Int32) throws -> [UInt8] {
        SSL_set0_rbio(session, BIO_new(BIO_s_mem()))
        let memory = try #require(BIO_new(BIO_s_mem()))
        SSL_set0_wbio(session, memory)
        _ = body()
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = BIO_read(memory, &bytes, Int32(bytes.count))
        try #require(count > 0)
        return Array(bytes.prefix(Int(count)))
    }

    var chosenProtocol: String {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(tls, &name, &length)
        return String(decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
    }

    /// Whom the server claims to be: `/CN=first`.
    var shown: String {
        guard let certificate = SSL_get0_peer_certificate(tls) else { return "" }
        var text = [CChar](repeating: 0, count: 256)
        X509_NAME_oneline(X509_get_subject_name(certificate), &text, 255)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A certificate with its key, and how a client sees it.
struct TestCertificate: Sendable {
    let certificate: [UInt8]
    let key: [UInt8]
    let shown: String

    static let first = TestCertificate(
        KeyFixtures.p256Certificate, KeyFixtures.p256Key, shown: "/CN=federated-signon.system.gserviceaccount.com")
    static let second = TestCertificate(KeyFixtures.paypalCertificate, KeyFixtures.rsaKey, shown: "/CN=messageverificationcerts.paypal.com")

    private init(_ certificate: String, _ key: String, shown: String) {
        self.certificate = Array((certificate + "\n").utf8)
        self.key = Array(key.utf8)
        self.shown = shown
    }

    var identity: TLSIdentity {
        get throws { try TLSIdentity(certificates: certificate, key: Secret(bytes: key)) }
    }
}

/// A program that runs to its end.
enum Command {
    static let openssl = "/usr/bin/openssl"

    static func run(_ program: String, _ words: [String], in folder: URL? = nil, input: String = "") throws -> (
        status: Int32, output: String
    ) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = words
        process.currentDirectoryURL = folder
        let (from, to) = (Pipe(), Pipe())
        process.standardInput = to
        process.standardOutput = from
        process.standardError = FileHandle.nullDevice
        try process.run()
        try to.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try to.fileHandleForWriting.close()
        let output = try from.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}

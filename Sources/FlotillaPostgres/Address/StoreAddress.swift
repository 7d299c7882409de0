// SPDX-License-Identifier: Apache-2.0

package import FlotillaRuntime

/// Where the server is and who we are there: read from `postgres://user:password@host:5432/db?sslmode=…`, with several hosts separated by
/// commas. libpq is never given the text: what it can't make sense of it repeats in its messages, the password included.
package struct StoreAddress: Sendable, Equatable, CustomStringConvertible {
    package typealias Host = ServerURL.Host
    package typealias Fault = ServerURL.Fault

    /// The names that libpq has for them, too.
    package enum TLSMode: String, Sendable, CaseIterable {
        case disable, allow, prefer, require
        case verifyAuthority = "verify-ca"
        case verifyFull = "verify-full"

        var verifies: Bool { self == .verifyAuthority || self == .verifyFull }
    }

    package let hosts: [Host]
    package let database: String
    package let user: String
    package let password: Secret?
    package private(set) var tls = TLSMode.prefer
    /// Where the authorities and the client's own certificate and key are.
    private(set) var files: [String: String] = [:]

    private static let authorities = "/etc/ssl/certs/ca-certificates.crt"
    private static let fileOptions = ["sslrootcert", "sslcert", "sslkey", "sslcrl"]

    /// How an operator would name it: no user, no password.
    package var description: String {
        "postgres://\(hosts.map(\.description).joined(separator: ","))/\(database)"
    }

    package init(_ text: String) throws(Fault) {
        let url = try ServerURL(text, ports: ["postgres": 5432, "postgresql": 5432])
        guard let user = url.user, !user.isEmpty else { throw Fault("must name a user: postgres://user:password@host:5432/db") }
        guard !url.path.isEmpty else { throw Fault("must name a database: postgres://…@host:5432/db") }
        (hosts, database, self.user, password) = (url.hosts, url.path, user, url.password)
        for (name, value) in url.options { try take(name, value) }
        if tls.verifies, files["sslrootcert"] == nil { files["sslrootcert"] = Self.authorities }
        if files["sslrootcert"] != nil, tls == .disable { throw Fault("has sslrootcert, and with sslmode=disable no TLS") }
    }

    private mutating func take(_ name: String, _ value: String) throws(Fault) {
        if name == "sslmode" {
            guard let mode = TLSMode(rawValue: value) else {
                throw Fault("must have one of \(TLSMode.allCases.map(\.rawValue).joined(separator: ", ")) as its sslmode")
            }
            tls = mode
        } else if Self.fileOptions.contains(name), !value.isEmpty {
            files[name] = value
        } else {
            throw Fault("has an option that is none of sslmode, \(Self.fileOptions.joined(separator: ", "))")
        }
    }
}

extension ServerURL.Host {
    /// A local server's socket is in it.
    var isFolder: Bool { name.hasPrefix("/") }
}

extension StoreAddress {
    /// What libpq is told, by its names, for one connection.
    func words(_ host: Host, address: String?, program: String) -> [(String, String)] {
        var words = [
            ("host", host.name), ("port", String(host.port)), ("user", user), ("dbname", database), ("sslmode", tls.rawValue),
            ("application_name", program), ("client_encoding", "UTF8"),
            // It would ask the network of Kerberos, in the middle of connecting.
            ("gssencmode", "disable"),
            ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"), ("tcp_user_timeout", "15000"),
        ]
        if let address { words.append(("hostaddr", address)) }
        if let password { words.append(("password", password.expose())) }
        return words + files.sorted { $0.key < $1.key }
    }
}

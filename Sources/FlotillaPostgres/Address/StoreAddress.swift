// SPDX-License-Identifier: Apache-2.0

package import FlotillaRuntime

/// Where the server is and who we are there: read from `postgres://user:password@host:5432/db?sslmode=…`, with several hosts separated by
/// commas. libpq is never given the text: what it can't make sense of it repeats in its messages, the password included.
package struct StoreAddress: Sendable, Equatable, CustomStringConvertible {
    package struct Host: Sendable, Equatable {
        /// A name, an address, or the folder of a local server's socket.
        package let name: String
        package let port: Int

        package var description: String { name.contains(":") ? "[\(name)]:\(port)" : "\(name):\(port)" }
        var isFolder: Bool { name.hasPrefix("/") }
    }

    /// The names that libpq has for them, too.
    package enum TLSMode: String, Sendable, CaseIterable {
        case disable, allow, prefer, require
        case verifyAuthority = "verify-ca"
        case verifyFull = "verify-full"

        var verifies: Bool { self == .verifyAuthority || self == .verifyFull }
    }

    package private(set) var hosts: [Host] = []
    package private(set) var database: String
    package private(set) var user: String
    package private(set) var password: Secret?
    package private(set) var tls = TLSMode.prefer
    /// Where the authorities and the client's own certificate and key are.
    private(set) var files: [String: String] = [:]

    private static let authorities = "/etc/ssl/certs/ca-certificates.crt"
    private static let fileOptions = ["sslrootcert", "sslcert", "sslkey", "sslcrl"]

    /// How an operator would name it: no user, no password.
    package var description: String {
        "postgres://\(hosts.map(\.description).joined(separator: ","))/\(database)"
    }

    /// What is wrong with a text, without the text: it may hold a password.
    package struct Fault: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    package init(_ text: String) throws(Fault) {
        guard let scheme = ["postgres://", "postgresql://"].first(where: { text.hasPrefix($0) }) else {
            throw Fault(description: "must begin with postgres:// or postgresql://")
        }
        var rest = text.dropFirst(scheme.count)
        guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Fault(description: "must write spaces, control characters and what is not ASCII as %XX")
        }
        // A second one, or one behind the first slash, is of a password that was not escaped: then all that follows would be read wrongly.
        let marks = rest.indices.filter { rest[$0] == "@" }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        guard marks.count <= 1, marks.allSatisfy({ $0 < end }) else {
            throw Fault(description: "must write @ / ? # and % in a user's name or password as %40 %2F %3F %23 %25, and @ elsewhere as %40")
        }
        guard let mark = marks.first else { throw Fault(description: "must name a user: postgres://user:password@host:5432/db") }
        let parts = rest[..<mark].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        user = try Self.plain(parts[0], "the user")
        password = try parts.count > 1 && !parts[1].isEmpty ? Secret(Self.plain(parts[1], "the password")) : nil
        guard !user.isEmpty else { throw Fault(description: "must name a user: postgres://user:password@host:5432/db") }
        rest = rest[rest.index(after: mark)...]
        var query: Substring = ""
        if let mark = rest.firstIndex(of: "?") {
            query = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        guard let slash = rest.firstIndex(of: "/") else { throw Fault(description: "must name a database: postgres://…@host:5432/db") }
        database = try Self.plain(rest[rest.index(after: slash)...], "the database")
        guard !database.isEmpty else { throw Fault(description: "must name a database: postgres://…@host:5432/db") }
        for part in rest[..<slash].split(separator: ",", omittingEmptySubsequences: false) { hosts.append(try Self.host(part)) }
        for option in query.split(separator: "&") { try take(option) }
        if tls.verifies, files["sslrootcert"] == nil { files["sslrootcert"] = Self.authorities }
        if files["sslrootcert"] != nil, tls == .disable { throw Fault(description: "has sslrootcert, and with sslmode=disable no TLS") }
    }

    private mutating func take(_ option: Substring) throws(Fault) {
        let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let value = try Self.plain(parts.count > 1 ? parts[1] : "", "an option")
        let name = String(parts[0])
        if name == "sslmode" {
            guard let mode = TLSMode(rawValue: value) else {
                throw Fault(description: "must have one of \(TLSMode.allCases.map(\.rawValue).joined(separator: ", ")) as its sslmode")
            }
            tls = mode
        } else if Self.fileOptions.contains(name), !value.isEmpty {
            files[name] = value
        } else {
            throw Fault(description: "has an option that is none of sslmode, \(Self.fileOptions.joined(separator: ", "))")
        }
    }

    private static func host(_ text: Substring) throws(Fault) -> Host {
        var name = text
        var port: Substring?
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            name = text[text.index(after: text.startIndex)..<end]
            let behind = text[text.index(after: end)...]
            if behind.hasPrefix(":") { port = behind.dropFirst() }
        } else if let colon = text.lastIndex(of: ":") {
            name = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        let number = port.map { Int($0) } ?? 5432
        let decoded = try plain(name, "a host")
        guard !decoded.isEmpty, let number, (1...65535).contains(number) else {
            throw Fault(description: "must name its hosts as host or host:port, separated by commas")
        }
        return Host(name: decoded, port: number)
    }

    /// Percent-decoded, and without what could end a C string.
    private static func plain(_ text: Substring, _ what: String) throws(Fault) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let high = digit(rest[rest.startIndex]), let low = digit(rest[rest.startIndex + 1]) else {
                throw Fault(description: "has a % in \(what) that two hexadecimal digits must follow: % itself is %25")
            }
            bytes.append(high << 4 | low)
            rest = rest.dropFirst(2)
        }
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw Fault(description: "has bytes in \(what) that are not text")
        }
        return text
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) }
    }
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

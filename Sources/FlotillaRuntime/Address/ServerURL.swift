// SPDX-License-Identifier: Apache-2.0

/// Where a server is and who we are there, as an adapter reads it: `scheme://user:password@host:port,[::1]:port/path?name=value&…`, taken
/// apart and percent-decoded. Strict, since half of a password that was not escaped would pass for a host or a path, and be shown.
package struct ServerURL: Sendable {
    package struct Host: Sendable, Equatable, CustomStringConvertible {
        /// A name, an address without brackets, or whatever else was percent-encoded: the folder of a local server's socket.
        package let name: String
        package let port: Int

        package var description: String { name.contains(":") ? "[\(name)]:\(port)" : "\(name):\(port)" }
    }

    /// What is wrong with a text, without the text: it may hold a password.
    package struct Fault: Error, Equatable, CustomStringConvertible {
        package let description: String

        package init(_ description: String) {
            self.description = description
        }
    }

    package let scheme: String
    /// Nil when nobody is named.
    package let user: String?
    /// Nil when there is none, or an empty one.
    package let password: Secret?
    /// One at least.
    package let hosts: [Host]
    /// What stands behind the first slash; empty without.
    package let path: String
    package let options: [(name: String, value: String)]

    /// - Parameter ports: of each scheme, where a host names none.
    package init(_ text: String, ports: KeyValuePairs<String, Int>) throws(Fault) {
        guard let (scheme, port) = ports.first(where: { text.hasPrefix($0.key + "://") }) else {
            throw Fault("must begin with \(ports.map { "\($0.key)://" }.joined(separator: " or "))")
        }
        var rest = text.dropFirst(scheme.count + 3)
        guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Fault("must write spaces, control characters and what is not ASCII as %XX")
        }
        // A second one, or one behind the first slash, is of a password: then all that follows would be read wrongly.
        let marks = rest.indices.filter { rest[$0] == "@" }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard marks.count <= 1, marks.allSatisfy({ $0 < end }), !rest.contains("#") else {
            throw Fault("must write @ / ? # and % in a user's name or password as %40 %2F %3F %23 %25, and @ and # elsewhere as %40 %23")
        }
        self.scheme = scheme
        if let mark = marks.first {
            let (name, secret) = Self.halves(rest[..<mark], at: ":")
            user = try Self.plain(name, "the user")
            password = try secret.isEmpty ? nil : Secret(Self.plain(secret, "the password"))
            rest = rest[mark...].dropFirst()
        } else {
            (user, password) = (nil, nil)
        }
        let (place, query) = Self.halves(rest, at: "?")
        let (servers, path) = Self.halves(place, at: "/")
        self.path = try Self.plain(path, "the path")
        var hosts: [Host] = []
        for host in servers.split(separator: ",", omittingEmptySubsequences: false) { hosts.append(try Host(host, usual: port)) }
        self.hosts = hosts
        var options: [(String, String)] = []
        for option in query.split(separator: "&") {
            let (name, value) = Self.halves(option, at: "=")
            options.append((String(name), try Self.plain(value, "an option")))
        }
        self.options = options
    }

    /// Before and behind the first mark; nothing behind where there is none.
    private static func halves(_ text: Substring, at mark: Character) -> (Substring, Substring) {
        let end = text.firstIndex(of: mark) ?? text.endIndex
        return (text[..<end], text[end...].dropFirst())
    }

    /// Percent-decoded, and without what could end a C string.
    fileprivate static func plain(_ text: Substring, _ what: String) throws(Fault) -> String {
        guard let bytes = PercentEncoding.decode(text.utf8) else {
            throw Fault("has a % in \(what) that two hexadecimal digits must follow: % itself is %25")
        }
        guard let plain = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw Fault("has bytes in \(what) that are not text")
        }
        return plain
    }
}

extension ServerURL.Host {
    fileprivate init(_ text: Substring, usual: Int) throws(ServerURL.Fault) {
        var end = text.firstIndex(of: ":") ?? text.endIndex
        var plain = text[..<end]
        if text.hasPrefix("["), let bracket = text.firstIndex(of: "]") {
            end = text.index(after: bracket)
            plain = text[..<bracket].dropFirst()
        }
        name = try ServerURL.plain(plain, "a host")
        // A sign would pass for a number's.
        let digits = text[end...].dropFirst()
        let number = text[end...].isEmpty ? usual : text[end] == ":" && !digits.hasPrefix("+") ? Int(digits) : nil
        guard !name.isEmpty, !name.contains(where: { $0 == "[" || $0 == "]" }), let number, (1...65535).contains(number) else {
            throw ServerURL.Fault("must name its hosts as host or host:port, separated by commas; an IPv6 address stands in brackets")
        }
        port = number
    }
}

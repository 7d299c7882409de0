// SPDX-License-Identifier: Apache-2.0

package import FlotillaRuntime

/// Where the broker is and who we are there: read from `amqp://user:password@host:5672/vhost` or `amqps://…?cacertfile=…`, with
/// several hosts separated by commas.
package struct BrokerAddress: Sendable, Equatable {
    package struct Host: Sendable, Equatable {
        package let name: String
        package let port: Int
    }

    package struct TLS: Sendable, Equatable {
        /// Debian's own list of authorities, unless another is named.
        package var authorities = "/etc/ssl/certs/ca-certificates.crt"
        package var certificate: String?
        package var key: String?
    }

    package var hosts: [Host]
    package var vhost: String
    package var user: String
    /// Nil: by the client's certificate (SASL EXTERNAL).
    package var password: Secret?
    package var tls: TLS?

    /// How an operator would name it: no user, no password.
    package var description: String {
        let scheme = tls == nil ? "amqp" : "amqps"
        return "\(scheme)://\(hosts.map { "\($0.name):\($0.port)" }.joined(separator: ","))/\(vhost == "/" ? "" : vhost)"
    }

    /// What is wrong with a text, without the text: it may hold a password.
    package struct Fault: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    package init(_ text: String) throws(Fault) {
        var rest = text[...]
        if rest.hasPrefix("amqps://") {
            tls = TLS()
            rest = rest.dropFirst(8)
        } else if rest.hasPrefix("amqp://") {
            rest = rest.dropFirst(7)
        } else {
            throw Fault(description: "must begin with amqp:// or amqps://")
        }
        var query: Substring = ""
        if let mark = rest.firstIndex(of: "?") {
            query = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        (user, password) = ("guest", Secret("guest"))
        let authority = rest[..<(rest.firstIndex(of: "/") ?? rest.endIndex)]
        if !authority.contains("@"), rest.contains("@") {
            throw Fault(description: "must write a slash in a user's name or password as %2F")
        }
        if let at = authority.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = try Self.plain(parts[0], "the user")
            password = try parts.count > 1 ? Secret(Self.plain(parts[1], "the password")) : nil
            rest = rest[rest.index(after: at)...]
        }
        vhost = "/"
        if let slash = rest.firstIndex(of: "/") {
            let name = rest[rest.index(after: slash)...]
            if !name.isEmpty { vhost = try Self.plain(name, "the vhost") }
            rest = rest[..<slash]
        }
        let usual = tls == nil ? 5672 : 5671
        hosts = []
        for part in rest.split(separator: ",", omittingEmptySubsequences: false) { hosts.append(try Self.host(part, usual)) }
        for option in query.split(separator: "&") { try take(option) }
        guard password != nil || tls?.certificate != nil else {
            throw Fault(description: "must name a password, or a certificate (amqps://user@host?certfile=…&keyfile=…)")
        }
    }

    private mutating func take(_ option: Substring) throws(Fault) {
        let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let value = try Self.plain(parts.count > 1 ? parts[1] : "", "an option")
        guard tls != nil else { throw Fault(description: "has options, which only amqps:// takes") }
        switch parts[0] {
        case "cacertfile": tls?.authorities = value
        case "certfile": tls?.certificate = value
        case "keyfile": tls?.key = value
        default: throw Fault(description: "has an option that is none of cacertfile, certfile, keyfile")
        }
    }

    private static func host(_ text: Substring, _ usual: Int) throws(Fault) -> Host {
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
        let number = port.map { Int($0) } ?? usual
        guard !name.isEmpty, let number, (1...65535).contains(number) else {
            throw Fault(description: "must name its hosts as host or host:port, separated by commas")
        }
        return Host(name: String(name), port: number)
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
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                throw Fault(description: "has a % in \(what) that two hexadecimal digits must follow")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw Fault(description: "has bytes in \(what) that are not text")
        }
        return text
    }
}

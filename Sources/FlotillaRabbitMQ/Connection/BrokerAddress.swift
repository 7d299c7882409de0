// SPDX-License-Identifier: Apache-2.0

package import FlotillaRuntime

/// Where the broker is and who we are there: read from `amqp://user:password@host:5672/vhost` or `amqps://…?cacertfile=…`, with
/// several hosts separated by commas.
package struct BrokerAddress: Sendable, Equatable {
    package typealias Host = ServerURL.Host
    package typealias Fault = ServerURL.Fault

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
        return "\(scheme)://\(hosts.map(\.description).joined(separator: ","))/\(vhost == "/" ? "" : vhost)"
    }

    package init(_ text: String) throws(Fault) {
        let url = try ServerURL(text, ports: ["amqp": 5672, "amqps": 5671])
        hosts = url.hosts
        vhost = url.path.isEmpty ? "/" : url.path
        user = url.user ?? "guest"
        password = url.user == nil ? Secret("guest") : url.password
        if url.scheme == "amqps" { tls = TLS() }
        for (name, value) in url.options { try take(name, value) }
        guard password != nil || tls?.certificate != nil else {
            throw Fault("must name a password, or a certificate (amqps://user@host?certfile=…&keyfile=…)")
        }
    }

    private mutating func take(_ name: String, _ value: String) throws(Fault) {
        guard tls != nil else { throw Fault("has options, which only amqps:// takes") }
        switch name {
        case "cacertfile": tls?.authorities = value
        case "certfile": tls?.certificate = value
        case "keyfile": tls?.key = value
        default: throw Fault("has an option that is none of cacertfile, certfile, keyfile")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP

/// A URL in the ways in which it is often configured instead of the one that the provider signs.
enum AddressForms {
    struct Form {
        let name: String
        let url: String
        /// Path and query of it, for a request to that address.
        let target: String
    }

    static func all(of url: String?, in head: RequestHead) -> [Form] {
        guard let url, let parts = URLParts(url) else { return [] }
        let (path, query) = split(parts.rest)
        let other = parts.scheme == "https" ? "http" : "https"
        let at = "\(parts.user)\(parts.host)"
        let port = parts.port.map { ":" + $0 } ?? ""
        let slashed = path.hasSuffix("/") ? String(path.dropLast()) : path + "/"
        var forms: [(name: String, url: String)] = [
            ("began with \(other)://", "\(other)://\(at)\(port)\(parts.rest)"),
            ("had \(path.hasSuffix("/") ? "no" : "a") slash at its end", "\(parts.scheme)://\(at)\(port)\(slashed)\(query)"),
            ("had no query", "\(parts.scheme)://\(at)\(port)\(path)"),
            ("had no port", "\(parts.scheme)://\(at)\(parts.rest)"),
            ("had the port 443", "\(parts.scheme)://\(at):443\(parts.rest)"),
            ("had the port 80", "\(parts.scheme)://\(at):80\(parts.rest)"),
            ("had no user in it", "\(parts.scheme)://\(parts.host)\(port)\(parts.rest)"),
        ]
        for name in ["X-Forwarded-Host", "X-Original-Host", "Host"] {
            guard let host = head.headers[name] else { continue }
            forms.append(("had the host of the header \(name)", "\(parts.scheme)://\(host)\(parts.rest)"))
            forms.append(("had the host of the header \(name) and began with \(other)://", "\(other)://\(host)\(parts.rest)"))
        }
        return forms.filter { $0.url != url }.map { form in
            Form(name: form.name, url: form.url, target: URLParts(form.url).map { String($0.rest) } ?? head.target)
        }
    }

    private static func split(_ rest: Substring) -> (path: String, query: String) {
        let path = rest.prefix { $0 != "?" }
        return (String(path), String(rest[path.endIndex...]))
    }
}

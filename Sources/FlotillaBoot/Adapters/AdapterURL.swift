// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRuntime

/// What `FLOTILLA_BROKER` and `FLOTILLA_STORE` name. The one place where an adapter is chosen by its URL.
enum AdapterURL: Equatable {
    case sqlite(path: String)

    static func read(_ variable: Variable, _ configuration: inout Configuration) -> AdapterURL {
        let text = configuration.text(variable) ?? ""
        guard let colon = text.firstIndex(of: ":") else {
            configuration.fault(variable.name, "must be a URL: sqlite:path")
            return .sqlite(path: "")
        }
        let path = String(text[colon...].dropFirst())
        switch text[..<colon] {
        case "sqlite" where path.isEmpty || path.hasPrefix("//") || path.contains("?"):
            configuration.fault(
                variable.name, "must name a file after sqlite:, such as sqlite:var/flotilla.db or sqlite:/var/lib/flotilla.db")
        case "sqlite":
            return .sqlite(path: path)
        case "amqp", "amqps", "postgres", "postgresql":
            configuration.fault(variable.name, "names a server that this version can't use yet: it must be sqlite:path")
        default:
            configuration.fault(variable.name, "must be a URL: sqlite:path")
        }
        return .sqlite(path: "")
    }
}

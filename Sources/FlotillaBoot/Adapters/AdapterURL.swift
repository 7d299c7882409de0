// SPDX-License-Identifier: Apache-2.0

internal import FlotillaRabbitMQ
internal import FlotillaRuntime

/// What `FLOTILLA_BROKER` names: the one place where an adapter is chosen by its URL.
enum AdapterURL: Equatable {
    case sqlite(path: String)
    case rabbitmq(BrokerAddress)

    /// Can be away for a while, and come back.
    var isServer: Bool {
        if case .rabbitmq = self { true } else { false }
    }

    static func readBroker(_ configuration: inout Configuration) -> AdapterURL {
        let text = configuration.text(.broker) ?? ""
        guard text.hasPrefix("amqp:") || text.hasPrefix("amqps:") else {
            return .sqlite(path: path(text, .broker, "sqlite:path or amqp://user:password@host:5672/vhost", &configuration))
        }
        do {
            return .rabbitmq(try BrokerAddress(text))
        } catch {
            configuration.fault(Variable.broker.name, error.description)
            return .sqlite(path: "")
        }
    }

    /// The path of the file that `FLOTILLA_STORE` names.
    static func readStore(_ configuration: inout Configuration) -> String {
        let text = configuration.text(.store) ?? ""
        if text.hasPrefix("postgres:") || text.hasPrefix("postgresql:") {
            configuration.fault(Variable.store.name, "names a server that this version can't use yet: it must be sqlite:path")
            return ""
        }
        return path(text, .store, "sqlite:path", &configuration)
    }

    private static func path(_ text: String, _ variable: Variable, _ forms: String, _ configuration: inout Configuration) -> String {
        guard text.hasPrefix("sqlite:") else {
            configuration.fault(variable.name, "must be a URL: \(forms)")
            return ""
        }
        let path = String(text.dropFirst("sqlite:".count))
        if path.isEmpty || path.hasPrefix("//") || path.contains("?") {
            configuration.fault(
                variable.name, "must name a file after sqlite:, such as sqlite:var/flotilla.db or sqlite:/var/lib/flotilla.db")
        }
        return path
    }
}

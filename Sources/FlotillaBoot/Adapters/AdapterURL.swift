// SPDX-License-Identifier: Apache-2.0

internal import FlotillaPostgres
internal import FlotillaRabbitMQ
internal import FlotillaRuntime

/// What `FLOTILLA_STORE` names.
enum StoreURL: Equatable {
    case sqlite(path: String)
    case postgres(StoreAddress)
}

/// What `FLOTILLA_BROKER` names. The one place where an adapter is chosen by its URL.
enum AdapterURL: Equatable {
    case sqlite(path: String)
    case rabbitmq(BrokerAddress)

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

    static func readStore(_ configuration: inout Configuration) -> StoreURL {
        let text = configuration.text(.store) ?? ""
        guard text.hasPrefix("postgres:") || text.hasPrefix("postgresql:") else {
            return .sqlite(path: path(text, .store, "sqlite:path or postgres://user:password@host:5432/db?sslmode=…", &configuration))
        }
        do {
            return .postgres(try StoreAddress(text))
        } catch {
            configuration.fault(Variable.store.name, error.description)
            return .sqlite(path: "")
        }
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

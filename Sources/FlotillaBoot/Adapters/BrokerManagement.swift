// SPDX-License-Identifier: Apache-2.0

internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRabbitMQ
internal import FlotillaRuntime
internal import Synchronization

/// RabbitMQ's management API, for what AMQP does not tell of queues: made with a process's adapters, asked when somebody looks at the
/// queues, closed with them. Nothing that carries events depends on it: when it is away, its fields are unknown.
final class BrokerManagement: Sendable {
    private let base: Secret
    private let vhost: String
    private let client: Client
    private let loop: Loop
    private let trouble = Mutex<String?>(nil)

    private static let timeout = Duration.seconds(5)
    private static let pageSize = 500

    /// - Parameter base: `http://user:password@host:15672`
    init(_ base: Secret, vhost: String) throws {
        self.base = base
        self.vhost = vhost
        loop = try Loop("management")
        client = Client(loop: loop, connections: 2)
    }

    func close() async {
        await client.close()
        loop.stop()
    }

    /// Why the last question was not answered: neither the URL nor the answer is in it.
    var failure: String? { trouble.withLock { $0 } }

    /// Of all queues of the vhost, by their names; nil when there is no answer.
    func figures() async -> [String: QueueFigures]? {
        do throws(Failure) {
            var all: [String: QueueFigures] = [:]
            var page = 1
            var pages = 1
            while page <= pages {
                let answer = try await ask(page: page)
                pages = min(answer["page_count"]?.integer ?? 1, 100)
                for queue in answer["items"]?.array ?? [] {
                    if let name = queue["name"]?.string { all[name] = Self.figures(queue) }
                }
                page += 1
            }
            trouble.withLock { $0 = nil }
            return all
        } catch {
            trouble.withLock { $0 = error.description }
            return nil
        }
    }

    private static func figures(_ queue: JSONValue) -> QueueFigures {
        // A queue that nothing has happened to yet has no statistics.
        let statistics = queue["message_stats"]
        return QueueFigures(
            held: queue["messages_unacknowledged"]?.integer ?? 0, entered: statistics?["publish"]?.integer ?? 0,
            gone: statistics?["ack"]?.integer ?? 0)
    }

    private func ask(page: Int) async throws(Failure) -> JSONValue {
        let columns = "name,messages_unacknowledged,message_stats.publish,message_stats.ack"
        let path = "/api/queues/\(Self.escaped(vhost))?page=\(page)&page_size=\(Self.pageSize)&columns=\(columns)"
        let response: ClientResponse
        do {
            response = try await client.send(ClientRequest(url: base.expose() + path, timeout: Self.timeout))
        } catch {
            throw Failure(description: error.description)
        }
        switch response.status {
        case 200: break
        case 401: throw Failure(description: "it refuses the user or the password")
        case 404: throw Failure(description: "it knows no such vhost")
        default: throw Failure(description: "it answers with status \(response.status)")
        }
        guard let answer = try? JSONValue(parsing: response.body) else { throw Failure(description: "it does not answer with JSON") }
        return answer
    }

    private struct Failure: Error {
        let description: String
    }

    /// For a part of a path: everything but letters and digits.
    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            let digits = String(byte, radix: 16, uppercase: true)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + (digits.utf8.count < 2 ? "0" : "") + digits
        }.joined()
    }
}

extension Configuration {
    /// `FLOTILLA_BROKER_MANAGEMENT`, without a slash at its end.
    mutating func management() -> Secret? {
        guard var text = text(.brokerManagement), !text.isEmpty else { return nil }
        while text.hasSuffix("/") { text.removeLast() }
        let rest = text.hasPrefix("http://") ? text.dropFirst(7) : text.hasPrefix("https://") ? text.dropFirst(8) : ""
        let isWhole = rest.lastIndex(of: "@").map { !rest[rest.index(after: $0)...].isEmpty && rest[..<$0].contains(":") } ?? false
        guard isWhole, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }) else {
            fault(Variable.brokerManagement.name, "must be http://user:password@host:15672, or https://…; other characters as %XX")
            return nil
        }
        return Secret(text)
    }
}

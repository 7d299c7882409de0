// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaHTTP
internal import FlotillaModel
internal import FlotillaRuntime

/// Does one thing for each event at a service of the test, under the policy that the event's id begins with. The first attempt ends with a
/// retry, so that an event passes every stage there is; with `retries=no` it is done.
struct EffectHandler: Handler {
    private let runs: LineFile
    private let client: Client
    private let service: String
    private let retries: Bool

    init(_ orders: Orders) throws {
        runs = LineFile(orders.runs)
        client = Client(loop: try Loop("client"))
        retries = orders.text("retries", or: "yes") == "yes"
        service = "http://127.0.0.1:\(orders.number("service", or: 0))"
    }

    func handle(_ event: Event, context: Context) async throws -> Outcome {
        runs.append("\(event.id) \(context.attempt) 0")
        let receipt = try await context.effect("send", key: "k", argument: event.id, policy(for: event.id)) { call in
            try await self.call("POST", event.id, key: call.idempotencyKey) ?? ""
        }
        guard receipt == "receipt of \(event.id)" else { return .dead("the receipt is another's") }
        return retries && context.attempt == 1 ? .retry("once", after: .milliseconds(1)) : .done
    }

    private func policy(for id: String) -> EffectPolicy<String> {
        switch id.prefix(while: { $0 != "-" }) {
        case "keyed": .keyed(window: .seconds(3600), then: .atMostOnce)
        case "reconciled":
            .reconciled { [self] _ in try await call("GET", id, key: "").map { .happened($0) } ?? .didNot }
        case "repeatable": .repeatable
        default: .atMostOnce
        }
    }

    /// Nil when the service knows nothing of it.
    private func call(_ method: String, _ id: String, key: String) async throws -> String? {
        let request = ClientRequest(method: method, url: "\(service)/\(id)", headers: Headers([("Idempotency-Key", key)]))
        let response: ClientResponse
        do {
            response = try await client.send(request)
        } catch {
            let failure = Failure(.transient, "\(error)")
            throw error == .connect ? NotDone(failure) : failure
        }
        if response.status == 404 { return nil }
        guard response.status == 200 else { throw Failure(.transient, "the service answered \(response.status)") }
        return String(decoding: response.body, as: UTF8.self)
    }
}

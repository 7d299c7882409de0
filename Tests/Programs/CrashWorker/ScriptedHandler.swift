// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import Glibc

/// Writes a line for each run, then does what the orders say: to the event that they name, or to every one.
struct ScriptedHandler: Handler {
    let orders: Orders
    let deed: Orders.Deed
    let runs: LineFile
    /// A line for the beginning and one for the end of each run, with its partition key and process.
    let spans: LineFile?
    let order: EventOrder
    /// How long a run takes: another one of its key would be seen beside it.
    let yields: Int
    let consents: any Consents

    init(_ orders: Orders, _ consents: any Consents) {
        self.consents = consents
        self.orders = orders
        deed = orders.deed
        runs = LineFile(orders.runs)
        spans = orders.spans.map { LineFile($0) }
        order = orders.order
        yields = orders.number("yields", or: 0)
    }

    func handle(_ event: Event, context: Context) async throws -> Outcome {
        let sent = Int(String(decoding: event.data, as: UTF8.self)) ?? 0
        runs.append("\(event.id) \(context.attempt) \(RealTime.now - sent)")
        mark("+", event)
        defer { mark("-", event) }
        for _ in 0..<yields { await Task.yield() }
        guard orders.target == nil || orders.target == event.id else { return .done }
        switch deed {
        case .done, .effect: return .done
        case .retry: return .retry("as ordered")
        case .once: return context.attempt == 1 ? .retry("as ordered, once") : .done
        case .dead: return .dead("as ordered")
        case .park: return .park(connection: "ordered", "as ordered")
        case .consent:
            let standing = try await consents.standing(of: "ordered")
            return standing.state == .authorised ? .done : .park(connection: "ordered", "as ordered")
        case .trap: return trap()
        case .hang:
            // Ends when its task is cancelled.
            for await _ in AsyncStream<Never>.makeStream().stream {}
            throw CancellationError()
        case .deaf:
            await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
            return .done
        }
    }

    private func mark(_ sign: String, _ event: Event) {
        spans?.append("\(sign) \(event.partitionKey ?? event.id) \(event.id) \(getpid())")
    }

    /// A slip as in anybody's program, at an index that no compiler sees through.
    private func trap() -> Outcome {
        let outcomes: [Outcome] = [.done]
        return outcomes[orders.queue.utf8.count + 1]
    }
}

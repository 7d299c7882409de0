// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaRuntime

/// Whether anything is on its way in a queue: ready, held by a worker, or delayed.
enum QueueStanding: Sendable, Equatable {
    case empty, busy, unknown

    /// - Parameters:
    ///   - report: nil when the queue is gone.
    ///   - delayed: those of all queues together, where the broker counts them so.
    init(_ report: QueueReport?, delayed: Int?) {
        let own = report.map { $0.unknown.contains(.delayed) ? nil : $0.delayed } ?? 0
        let held = report.map { $0.unknown.contains(.held) ? nil : $0.held } ?? 0
        let known = [report?.ready ?? 0, report?.held ?? 0, own ?? 0, delayed ?? 0]
        if known.contains(where: { $0 > 0 }) {
            self = .busy
        } else {
            self = held == nil || (own == nil && delayed == nil) ? .unknown : .empty
        }
    }

    /// Of several looks at one queue, or of several queues: empty when all of them are.
    func and(_ other: QueueStanding) -> QueueStanding {
        if self == .busy || other == .busy { return .busy }
        return self == .unknown || other == .unknown ? .unknown : .empty
    }
}

/// Looks at the queues, and again where one seems to be empty: what a broker tells may be a little old.
struct QueueLook {
    let broker: any BrokerInspection
    let sleeper: any Sleeper

    /// In the order of the queues.
    func standings(of queues: [String]) async throws -> [QueueStanding] {
        let first = try await look(queues)
        guard first.contains(.empty) else { return first }
        if broker.lag > .zero { try await sleeper.sleep(for: broker.lag) }
        return zip(first, try await look(queues)).map { $0.and($1) }
    }

    private func look(_ queues: [String]) async throws -> [QueueStanding] {
        let reports = try await broker.queues()
        let delayed = reports.first { $0.name == QueueNames.delayed }?.delayed
        return queues.map { name in QueueStanding(reports.first { $0.name == name }, delayed: delayed) }
    }
}

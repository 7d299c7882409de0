// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine

/// The queues of one park. A queue can only be read from its beginning: so what is parked is spread over several by its connection, and
/// of a million letters those of one connection are among some thirty thousand. `{queue}.parked` itself has letters of no connection,
/// and those that an older version laid down.
struct ParkPlaces: Sendable, Equatable {
    /// Of every fleet. Never fewer than in a version before: what is in them would be found no more.
    static let usual = 32

    /// Other than the usual in tests alone: of whoever works on the same broker, each must have the same.
    var count = usual

    /// All of a park, by the names that queues have in this process; `{queue}.parked` first.
    func all(of queue: String) -> [String] {
        let first = QueueNames.parked(queue)
        return [first] + (0..<count).map { "\(first).\($0)" }
    }

    /// Where letters of a connection may be. One that is laid down comes into the last of them.
    func places(in queue: String, of connection: String?) -> [String] {
        let first = QueueNames.parked(queue)
        guard let connection else { return [first] }
        return [first, "\(first).\(number(of: connection))"]
    }

    /// Into which queue a copy goes that is meant for this one.
    func target(_ queue: String, of connection: String?) -> String {
        guard let worker = Self.worker(of: queue) else { return queue }
        return places(in: worker, of: connection).last ?? queue
    }

    /// The worker's queue whose park this is.
    static func worker(of queue: String) -> String? {
        QueueNames.worker(of: queue).flatMap { QueueNames.parked($0) == queue ? $0 : nil }
    }

    private func number(of connection: String) -> Int {
        var hash = StableHash()
        hash.add(connection.utf8)
        return Int((hash.value ^ hash.value >> 32) % UInt64(count))
    }
}

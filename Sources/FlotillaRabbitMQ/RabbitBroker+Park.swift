// SPDX-License-Identifier: Apache-2.0

internal import CRabbitMQ
package import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime

/// One look at a time, each over a connection of its own: what it holds is back in its place when that is closed, whatever happened.
extension RabbitBroker: Park {
    package func parked(in queue: String) async throws -> [ParkedGroup] {
        var groups: [String?: ParkedGroup] = [:]
        for place in names.parkPlaces.all(of: queue) { groups.merge(try await count(in: place)) { $0.joined(with: $1) } }
        return groups.values.sorted { ($0.connection ?? "") < ($1.connection ?? "") }
    }

    package func parked(in queue: String, of connection: String?) async throws -> ParkedGroup? {
        let name = ConnectionName.plain(connection)
        var found: ParkedGroup?
        for place in names.parkPlaces.places(in: queue, of: name) {
            guard let more = try await count(in: place)[name] else { continue }
            found = found?.joined(with: more) ?? more
        }
        return found
    }

    package func unnoted(in queue: String) async throws -> Set<String> {
        Set(try await count(in: QueueNames.parked(queue)).keys.compactMap(\.self))
    }

    package func resume(
        _ connection: String?, in queue: String, limit: Int, passing: Set<Int64>,
        _ judge: @escaping @Sendable ([Letter]) async throws -> [ParkVerdict]
    ) async throws -> ResumedPart {
        let name = ConnectionName.plain(connection)
        try await check(queue)
        return try await looking { [names, clock] line in
            let box = try await line.ask { link in
                let box = ParkBox(link, queue, of: name, names)
                try box.look(limit: limit, passing: passing)
                return box
            }
            let verdicts: [ParkVerdict]
            do { verdicts = try await judge(box.letters) } catch {
                // What was in hand must be in its place again when this returns.
                try? await line.ask(repeatable: false) { link in if link === box.link { try box.close() } }
                throw error
            }
            return try await line.ask(repeatable: false, within: Self.moveLimit) { link in
                guard link === box.link else { throw BrokerFailure(.away, "the connection was lost while letters were looked up") }
                return try box.settle(verdicts, now: clock.now)
            }
        }
    }

    package func backlog(of queue: String) async throws -> Int {
        let name = names.queue(queue)
        return try await setup.ask { link in try Declaring(link).look(at: name)?.ready ?? 0 }
    }

    private static let moveLimit = Duration.seconds(60)

    /// What is in one queue of a park, by its connections.
    private func count(in place: String) async throws -> [String?: ParkedGroup] {
        try await looking { [names] line in
            try await line.ask { link in
                let scan = ParkScan(link, place, names)
                var groups: [String?: ParkedGroup] = [:]
                _ = try scan.look { envelope, _ in
                    let head = MessageHead(envelope.message.properties)
                    let one = ParkedGroup(
                        connection: head.passage.connection, count: 1,
                        oldest: head.keptAt ?? head.accepted ?? Timestamp(microseconds: 0), reason: head.passage.reason)
                    groups[one.connection] = groups[one.connection]?.joined(with: one) ?? one
                    return .wanted
                }
                try scan.close()
                return groups
            }
        }
    }

    private func looking<Value: Sendable>(_ body: (SetupLine) async throws -> Value) async throws -> Value {
        await parkTurn.enter(alone: true)
        defer { parkTurn.leave(alone: true) }
        do {
            let value = try await body(parkLine)
            await parkLine.leave()
            return value
        } catch {
            await parkLine.leave()
            throw error
        }
    }
}

extension ParkedGroup {
    fileprivate func joined(with other: ParkedGroup) -> ParkedGroup {
        var both = oldest <= other.oldest ? self : other
        both.count = count + other.count
        return both
    }
}

// SPDX-License-Identifier: Apache-2.0

package import FlotillaEngine
internal import FlotillaModel
package import FlotillaRuntime

/// What a person does with parked events: look how many wait for whom, and let them go on.
package struct ParkedEvents: Sendable {
    /// The events of one connection in the park of one queue.
    package struct Line: Sendable {
        package let queue: String
        package let group: ParkedGroup
        /// Unknown for events of no connection.
        package let state: Consent.State
    }

    private let parking: Parking
    /// How many go at once: what an interruption can leave half done.
    package static let batch = 2000
    private static let rate = 500
    private static let patience = 20

    package init(_ parking: Parking) {
        self.parking = parking
    }

    /// - Parameter connection: only this one; an empty name means events of no connection.
    package func list(_ queues: [String], of connection: String?) async throws -> [Line] {
        var lines: [Line] = []
        for queue in queues {
            let groups: [ParkedGroup]
            if let connection {
                groups = [try await parking.park.parked(in: queue, of: connection)].compactMap(\.self)
            } else {
                groups = try await parking.park.parked(in: queue)
            }
            for group in groups { lines.append(Line(queue: queue, group: group, state: try await state(of: group.connection))) }
        }
        return lines
    }

    private func state(of connection: String?) async throws -> Consent.State {
        guard let connection else { return .unknown }
        return try await parking.consents.standing(of: connection).state
    }

    package func authorise(_ connection: String) async throws { _ = try await parking.consents.authorise(connection) }

    /// Lets the events of a connection go on, at most `rate` a second (500 without it). False when the connection was lost again meanwhile:
    /// then the rest stays.
    /// - Parameter progress: called with how many went, after each part.
    package func resume(
        _ connection: String?, in queue: String, rate: Int?, _ sleeper: any Sleeper, _ progress: (Int) async throws -> Void
    ) async throws -> Bool {
        var resumption = Resumption(connection, in: queue, parking)
        var waits = 0
        while true {
            switch try await resumption.step(atMost: min(Self.batch, rate ?? Self.batch)) {
            case .refused:
                return false
            case .unsure:
                // A worker may be at it: then there is nothing left for us, soon.
                waits += 1
                guard waits < Self.patience else { return true }
                try await sleeper.sleep(for: .seconds(1))
            case .ended(let count):
                try await progress(count)
                return true
            case .went(let count):
                try await progress(count)
                try await sleeper.sleep(for: .seconds(1) * (Double(count) / Double(rate ?? Self.rate)))
            }
        }
    }
}

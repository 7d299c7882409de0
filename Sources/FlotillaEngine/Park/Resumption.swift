// SPDX-License-Identifier: Apache-2.0

/// Lets the parked events of one connection in one queue go on, a part at a time: made when the connection was found authorised, asked
/// for part after part, at whatever pace, until there is nothing more. It may be given up at any time: what is left stays parked.
package struct Resumption: Sendable {
    package enum Step: Sendable, Equatable {
        /// There is more.
        case went(Int)
        /// There is nothing more.
        case ended(Int)
        /// Nothing was found, but somebody else may have letters in hand just now.
        case unsure
        /// The connection is not authorised, or no longer.
        case refused
    }

    /// Nil: letters of no connection, which wait for a person alone.
    package let connection: String?
    package let queue: String
    private let parking: Parking
    /// Left where they are: somebody has to decide first.
    private var stayed: Set<Int64> = []

    package init(_ connection: String?, in queue: String, _ parking: Parking) {
        self.connection = connection
        self.queue = queue
        self.parking = parking
    }

    package mutating func step(atMost limit: Int) async throws -> Step {
        // Before the look: what is noted later may not be seen by it.
        var note: ParkNote?
        if let connection {
            guard try await parking.consents.standing(of: connection).state == .authorised else { return .refused }
            note = try await parking.consents.note(of: connection, in: queue)
        }
        let part = try await parking.park.resume(connection, in: queue, limit: limit, passing: stayed) { [parking, queue] letters in
            try await parking.judge(letters, of: queue)
        }
        stayed.formUnion(part.stayed)
        let found = part.resumed + part.dropped + part.stayed.count
        guard part.isAll else { return found == 0 ? .unsure : .went(part.resumed) }
        if stayed.isEmpty, let note { try await parking.consents.drained(note) }
        return .ended(part.resumed)
    }
}

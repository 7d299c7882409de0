// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// The port of what waits in `{queue}.parked`, by connection: the broker's side of parking. Letters come there by `Broker.forward`.
///
/// - **By connection**: what it costs to find the letters of one does not grow with how many others have.
/// - **Resuming** moves letters into their worker's queue, each with the passage of `Letter.resumed`; it is confirmed there before the
///   letter leaves. A crash in between leaves both: the ledger knows the second copy by its generation.
/// - **Order**: about that in which they were parked. Letters that stay keep their places; where a broker's queue is very long, those that
///   were passed over may go behind others.
/// - **At once**: several may resume the same. Each letter is moved by one of them, or, after a crash, twice with one generation. Whoever
///   looks while another one has letters in its hands may see less, and is never told then that it has seen all.
/// - **Failure**: a broker that is away makes calls throw; what was not moved is still there.
package protocol Park: Sendable {
    /// What is parked in the park of a worker's queue, connection by connection, by their names; that of none first.
    func parked(in queue: String) async throws -> [ParkedGroup]

    /// The same of one connection, or of letters without any when it is nil; nil when there are none.
    func parked(in queue: String, of connection: String?) async throws -> ParkedGroup?

    /// Connections whose letters may have been parked without a note: by an older version. Some of all that are there; quick.
    func unnoted(in queue: String) async throws -> Set<String>

    /// Looks for at most `limit` letters of a connection (or of none), but for those with `passing` as their tags, asks for a verdict on
    /// each, and does what it says. Fewer when they are large.
    func resume(
        _ connection: String?, in queue: String, limit: Int, passing: Set<Int64>,
        _ judge: @escaping @Sendable ([Letter]) async throws -> [ParkVerdict]
    ) async throws -> ResumedPart

    /// How many deliveries are ready in a worker's queue.
    func backlog(of queue: String) async throws -> Int
}

/// The letters of one connection in one park.
package struct ParkedGroup: Sendable, Equatable {
    package var connection: String?
    package var count: Int
    package var oldest: Timestamp
    /// That of the oldest.
    package var reason: String?

    package init(connection: String?, count: Int, oldest: Timestamp, reason: String?) {
        self.connection = connection
        self.count = count
        self.oldest = oldest
        self.reason = reason
    }
}

package enum ParkVerdict: Sendable, Equatable {
    /// Into its queue.
    case resume
    /// Where it is, for now.
    case stay
    /// The event lives elsewhere, or has ended: away with this copy of it.
    case drop
}

/// What one call of `resume` did.
package struct ResumedPart: Sendable, Equatable {
    package var resumed = 0
    package var dropped = 0
    /// The tags of those that stay.
    package var stayed: Set<Int64> = []
    /// Nothing else of the connection was there when it was looked for; certain.
    package var isAll = false

    package init() {}
}

extension Letter {
    /// How a parked event goes on: in its next generation, so that the ledger lets it run, with the attempt that it had; the time in
    /// the park is no part of its age.
    package func resumed(at now: Timestamp) -> Passage {
        var next = Passage(attempt: passage.attempt, generation: passage.generation + 1)
        next.deferrals = passage.deferrals
        next.firstFailedAt = passage.firstFailedAt.map { $0 + max(now - kept, .zero) }
        next.replayedFrom = queue
        return next
    }
}

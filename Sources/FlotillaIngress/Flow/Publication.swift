// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime
internal import Synchronization

/// One publish and the answer that waits for it. Whichever comes first, the publisher's return or the end of the provider's
/// patience, frees the answer; the publish itself goes on, for what it has written may already be on its way.
enum Publication {
    enum End: Sendable {
        case published
        case failed(any Error)
        case late
        /// Not begun: the request itself used up the time.
        case slow
        /// Not begun: too much waits already.
        case crowded
    }

    /// No task, since each request would cost two of them. The answer is called on the request's own loop where that is known, so that what
    /// was allocated there is freed there; or from the thread of the deadlines.
    static func run(
        _ events: [Event], to publisher: any EventPublisher, until due: UInt64, by deadlines: Deadlines, overdue: OverdueBytes,
        on loop: Loop?, _ answer: @escaping @Sendable (End) -> Void
    ) {
        let answer = FirstEnd(answer)
        let bytes = events.reduce(0) { $0 + $1.data.count }
        let ticket = deadlines.add(at: due) {
            overdue.add(bytes)
            if !answer.reach(.late) { overdue.subtract(bytes) }
        }
        let ended = { @Sendable (result: Result<Void, any Error>) in
            deadlines.remove(ticket)
            let end: End =
                switch result {
                case .success: .published
                case .failure(let error): .failed(error)
                }
            if !answer.reach(end) { overdue.subtract(bytes) }
        }
        publisher.publish(events) { result in
            if let loop { loop.post { ended(result) } } else { ended(result) }
        }
    }
}

/// The bytes of events whose publish has outlived its answer. Nobody counts them as a request any more, so they have a limit
/// of their own: past it nothing new is published until the broker has let go of some.
package final class OverdueBytes: Sendable {
    package let limit: Int
    private let held = Atomic<Int>(0)

    package init(limit: Int) {
        self.limit = limit
    }

    var hasRoom: Bool { held.load(ordering: .relaxed) < limit }

    fileprivate func add(_ bytes: Int) { held.add(bytes, ordering: .relaxed) }
    fileprivate func subtract(_ bytes: Int) { held.subtract(bytes, ordering: .relaxed) }
}

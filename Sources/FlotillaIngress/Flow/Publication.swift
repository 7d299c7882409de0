// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime
internal import Synchronization

/// One publish and the answer that waits for it. Whichever comes first, the publisher's return or the end of the provider's
/// patience, frees the answer; the publish itself goes on, for what it has written may already be on its way.
final class Publication: Sendable {
    enum End: Sendable {
        case published
        case failed(any Error)
        case late
        /// Not begun: the request itself used up the time.
        case slow
        /// Not begun: too much waits already.
        case crowded
    }

    /// A struct: a closure that stands in a generic type alone is wrapped, and wrapped again where it is taken out.
    private struct Waiting {
        var answer: (@Sendable (End) -> Void)?
    }

    private let waiting: Mutex<Waiting>
    private let bytes: Int
    private let overdue: OverdueBytes

    private init(of bytes: Int, _ overdue: OverdueBytes, _ answer: @escaping @Sendable (End) -> Void) {
        self.bytes = bytes
        self.overdue = overdue
        waiting = Mutex(Waiting(answer: answer))
    }

    /// No task, since each request would cost two of them. The answer is called on the request's own loop where that is known, so that what
    /// was allocated there is freed there; or from the thread of the deadlines.
    static func run(
        _ events: [Event], to publisher: any EventPublisher, until due: UInt64, by deadlines: Deadlines, overdue: OverdueBytes,
        on loop: Loop?, _ answer: @escaping @Sendable (End) -> Void
    ) {
        let publication = Publication(of: events.reduce(0) { $0 + $1.data.count }, overdue, answer)
        let ticket = deadlines.add(at: due) { publication.expire() }
        let ended = { @Sendable (result: Result<Void, any Error>) in
            deadlines.remove(ticket)
            publication.end(result)
        }
        publisher.publish(events) { result in
            if let loop { loop.post { ended(result) } } else { ended(result) }
        }
    }

    private func expire() {
        overdue.add(bytes)
        if !reach(.late) { overdue.subtract(bytes) }
    }

    private func end(_ result: Result<Void, any Error>) {
        let end: End =
            switch result {
            case .success: .published
            case .failure(let error): .failed(error)
            }
        if !reach(end) { overdue.subtract(bytes) }
    }

    /// False when another end came before.
    private func reach(_ end: End) -> Bool {
        let answer = waiting.withLock { waiting in
            defer { waiting.answer = nil }
            return waiting.answer
        }
        answer?(end)
        return answer != nil
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

// SPDX-License-Identifier: Apache-2.0

public import FlotillaModel

/// What a worker author writes: an event and a context in, an outcome out.
///
/// Return a verdict that you expected (`.done`, `.retry`, `.dead`, `.park`); throw what you did not, and the retry policy decides.
/// An event comes at least once. Pass `context.key` to the services you call: it is the same on every redelivery.
public protocol Handler: Sendable {
    func handle(_ event: Event, context: Context) async throws -> Outcome

    /// True where doing it twice is harmless (an upsert by event id): such a handler skips the claim, and runs faster for it.
    var isRepeatable: Bool { get }

    /// What it asks for among the events of one partition key.
    var order: EventOrder { get }
}

extension Handler {
    public var isRepeatable: Bool { false }
    public var order: EventOrder { .exclusive }
}

/// What a handler knows beside the event. Made by the pipeline for one run of one handler.
public struct Context: Sendable {
    /// Names this event for this worker, the same on every redelivery: an idempotency key.
    public let key: String
    public let queue: String
    /// From 1.
    public let attempt: Int
    /// Grows when a person replays the event.
    public let generation: Int
    /// When the task of this handler is cancelled, if nobody sets the clock meanwhile.
    public let deadline: Timestamp

    public init(key: String, queue: String, attempt: Int, generation: Int, deadline: Timestamp) {
        self.key = key
        self.queue = queue
        self.attempt = attempt
        self.generation = generation
        self.deadline = deadline
    }
}

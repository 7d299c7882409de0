// SPDX-License-Identifier: Apache-2.0

public import FlotillaModel

/// What a worker author writes: an event and a context in, an outcome out.
///
/// Return a verdict that you expected (`.done`, `.retry`, `.dead`, `.park`); throw what you did not, and the retry policy decides.
/// An event comes at least once. What changes the world goes through `context.effect`, which does it once where the world allows it; what
/// does not gets `context.key`, the same on every redelivery.
public protocol Handler: Sendable {
    func handle(_ event: Event, context: Context) async throws -> Outcome

    /// True where doing it twice is harmless (an upsert by event id): such a handler skips the claim, and runs faster for it. Two runs of one
    /// event may then meet, so its effects may be `.keyed`, `.reconciled` or `.repeatable`, and not `.atMostOnce`.
    /// As nothing is claimed, nobody counts how often it brings its process down, and a copy of what a person has discarded runs once more.
    var isRepeatable: Bool { get }

    /// What it asks for among the events of one partition key.
    var order: EventOrder { get }
    /// A policy of its own for what fails, where the fleet's (`FLOTILLA_MAX_ATTEMPTS`, `FLOTILLA_MAX_AGE_SECONDS`) does not fit; nil for
    /// that one. An age past the fleet's is cut to it.
    var retries: RetryPolicy? { get }
}

extension Handler {
    public var isRepeatable: Bool { false }
    public var order: EventOrder { .exclusive }
    public var retries: RetryPolicy? { nil }
}

// SPDX-License-Identifier: Apache-2.0

public import FlotillaModel
internal import Synchronization

/// What a handler did and published, in memory: for tests of handlers. Contexts that share one are runs of the same event, one after the
/// other: what the first has done is recorded for the second.
///
///     let memory = EffectMemory()
///     let outcome = try await handler.handle(event, context: Context(handling: event, effects: memory))
public final class EffectMemory: Sendable {
    private struct State {
        var shelf = EffectShelf()
        var published: [Event] = []
    }

    private let state = Mutex(State())
    private let now: @Sendable () -> Timestamp

    /// - Parameter now: by which the windows of `.keyed` effects are counted.
    public init(now: @escaping @Sendable () -> Timestamp = { Timestamp(microseconds: 0) }) {
        self.now = now
    }

    /// What was published, in its order.
    public var published: [Event] { state.withLock { $0.published } }

    /// The names of the effects that have happened, each as often as it did.
    public var done: [String] {
        state.withLock { $0.shelf.rows.filter { $0.value.state != .intended }.map(\.key.name).sorted() }
    }

    func publish(_ event: Event) { state.withLock { $0.published.append(event) } }

    var time: Timestamp { now() }
}

/// Every claim is good.
extension EffectMemory: Effects {
    package func begin(_ effect: EffectName, _ ask: EffectAsk, under claim: HeldClaim?) async throws -> EffectAnswer {
        let now = now()
        return state.withLock { $0.shelf.begin(effect, ask, fence: claim?.fence, now: now) }
    }

    package func finish(_ effect: EffectName, _ ask: EffectAsk, value: EffectRecord?, under claim: HeldClaim?) async throws -> Bool {
        let now = now()
        state.withLock { $0.shelf.finish(effect, ask, value: value, fence: claim?.fence, now: now) }
        return true
    }

    package func withdraw(_ effect: EffectName, run: Int64, under claim: HeldClaim) async throws -> Bool {
        state.withLock { $0.shelf.withdraw(effect, run: run) }
        return true
    }
}

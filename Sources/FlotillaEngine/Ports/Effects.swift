// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// The port that remembers the effects of each event: what a handler was about to do to the outside world, and what came of it.
///
/// - **One row** for each effect; `EffectTable` says what may be done with one that is there, and every adapter follows it.
/// - **Fences**: whatever is written is written under the claim's fence, in the transaction that checks it. When the claim was taken over
///   or marked meanwhile, nothing is written, and the caller is told so. Without a claim (a handler that may be repeated) nothing is
///   checked.
/// - **Time**: an intent has the time of the store's clock, and windows are counted by the same clock.
/// - **Values** are at most `EffectTable.valueLimit` bytes before they are sealed: whoever calls has seen to that.
/// - **Durable**: an intent that was answered with `call` is there after a crash, before the call is made.
/// - **Threading**: called from many tasks at once; calls that wait at the same time travel to the store together.
/// - **Failure**: a store that is away makes calls throw; what threw may still have been written. Called again by the same run, `begin`
///   knows the intent for its own, and the others do no harm.
/// - **Pruning**: what has come to its end leaves when the ledger's row of its event has. An intent without a result stays ten times as
///   long: its dead letter may still lie there, and without it a replay would call again.
package protocol Effects: Sendable {
    /// What to do with an effect. Writes the intent when there is none, in which case the answer is `call`.
    func begin(_ effect: EffectName, _ ask: EffectAsk, under claim: HeldClaim?) async throws -> EffectAnswer

    /// It has happened: with this value, or with none that could be kept. False when the claim is no longer the caller's.
    func finish(_ effect: EffectName, _ ask: EffectAsk, value: EffectRecord?, under claim: HeldClaim?) async throws -> Bool

    /// It certainly has not happened: takes the intent of this run back. False when the claim is no longer the caller's.
    func withdraw(_ effect: EffectName, run: Int64, under claim: HeldClaim) async throws -> Bool
}

/// What operators see of effects, and how a person's decision is written.
package protocol EffectInspection: Sendable {
    /// Those of one event, by their times.
    func effects(of event: LedgerKey) async throws -> [EffectEntry]

    /// What a person says of an effect that nobody knows the end of; the deed is recorded with it, or neither is.
    func resolve(_ effect: EffectName, as verdict: EffectVerdict, recording deed: Deed) async throws -> EffectResolution
}

/// Names an effect for ever: an event for one consumer, what is done, and to whom or what, where an event does it more than once.
package struct EffectName: Sendable, Hashable {
    package let event: LedgerKey
    package let name: String
    package let key: String

    package init(event: LedgerKey, name: String, key: String) {
        self.event = event
        self.name = name
        self.key = key
    }
}

/// What a run brings along when it asks.
package struct EffectAsk: Sendable, Equatable {
    package let rule: EffectRule
    /// The digest of its argument: the same on every run, or it is another effect.
    package let argument: [UInt8]
    /// Whether the handler needs the value of an effect that has happened already.
    package let needsValue: Bool
    /// Whether the value is sealed before it is stored.
    package let isSecret: Bool
    /// Drawn for one run of one handler: by it, an intent is known for the run's own.
    package let run: Int64

    package init(rule: EffectRule, argument: [UInt8], needsValue: Bool, isSecret: Bool, run: Int64) {
        self.rule = rule
        self.argument = argument
        self.needsValue = needsValue
        self.isSecret = isSecret
        self.run = run
    }
}

package enum EffectAnswer: Sendable, Equatable {
    /// Call, now. `isRepeat`: an earlier run may have called.
    case call(isRepeat: Bool)
    /// It has happened; nil where no value was kept.
    case recorded(EffectRecord?)
    /// Ask the provider. `hasHappened`: it has, and its value alone is wanted.
    case reconcile(hasHappened: Bool)
    /// Nobody knows whether it happened; since when.
    case unknown(since: Timestamp)
    /// It has happened, its value was not kept, and there is no way to have it again.
    case valueLost
    /// The argument is not the one of the first run.
    case changed
    /// The claim is no longer the caller's.
    case lost
}

/// The bytes of a value as they lie in the store.
package enum EffectRecord: Sendable, Equatable {
    case plain([UInt8])
    case sealed(SealedSecret)
}

package enum EffectState: Int, Sendable, Equatable, CaseIterable {
    case intended, finished
    /// A person said that it happened.
    case resolved

    package var name: String {
        switch self {
        case .intended: "intended"
        case .finished: "finished"
        case .resolved: "resolved"
        }
    }
}

/// One row, as every adapter keeps it.
package struct EffectRow: Sendable, Equatable {
    package var state: EffectState
    package var argument: [UInt8]
    /// The rule's name, for people.
    package var policy: String
    package var isSecret: Bool
    package var value: EffectRecord?
    /// When it was first intended.
    package var since: Timestamp
    package var changed: Timestamp
    /// Under which it was written last; 0 without a claim.
    package var fence: Int64
    package var run: Int64

    package init(
        state: EffectState, argument: [UInt8], policy: String, isSecret: Bool = false, value: EffectRecord? = nil, since: Timestamp,
        changed: Timestamp, fence: Int64, run: Int64
    ) {
        self.state = state
        self.argument = argument
        self.policy = policy
        self.isSecret = isSecret
        self.value = value
        self.since = since
        self.changed = changed
        self.fence = fence
        self.run = run
    }
}

package struct EffectEntry: Sendable, Equatable {
    package let effect: EffectName
    package let row: EffectRow

    package init(effect: EffectName, row: EffectRow) {
        self.effect = effect
        self.row = row
    }
}

package enum EffectVerdict: Sendable, Equatable {
    /// With this value, where the handler needs one.
    case happened(EffectRecord?)
    /// The next run calls.
    case redo
}

package enum EffectResolution: Sendable, Equatable {
    case resolved
    /// There is no such effect.
    case missing
    /// It has come to its end already, with what a run needs of it.
    case settled
    /// A worker runs the event at this moment.
    case running
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// What a handler that runs again does about an effect of which an earlier run has left the intent and no result: the process was killed,
/// the call timed out, the answer never came. It may have happened, or not.
///
/// Nothing here makes one out of two calls that are under way at once: a worker that was taken for dead and goes on after a pause may still
/// call. Where the service takes an idempotency key, give it the call's in every policy.
public indirect enum EffectPolicy<Value: Sendable>: Sendable {
    /// The service does one thing once for one idempotency key, for so long: call again with the same key. After it, counted from the first
    /// intent, the `then` policy holds. Give less than the service promises, by what a handler may take.
    case keyed(window: Duration, then: EffectPolicy)
    /// Ask the service whether it happened; then skip, call, or stop.
    case reconciled(@Sendable (EffectCall) async throws -> Reconciliation<Value>)
    /// Doing it twice is harmless: call again.
    case repeatable
    /// Stop: a dead letter with `unknown-effect`, until a person says what happened (`flotilla dead resolve`).
    case atMostOnce
}

/// What the service says of an effect.
public enum Reconciliation<Value: Sendable>: Sendable {
    /// It happened, with this result.
    case happened(Value)
    /// It did not, and no call is under way any more.
    case didNot
    /// It can't say: the event stops with `unknown-effect`.
    case unknown
}

/// One call of an effect, as its closure sees it.
public struct EffectCall: Sendable {
    /// For the service: names this effect of this event, the same on every redelivery and replay. 32 characters of hexadecimal.
    public let idempotencyKey: String
    /// Whether an earlier run may have called.
    public let isRepeat: Bool
}

/// Thrown by the closure of an effect that knows that nothing happened: there was no connection, the request was never sent. The intent is
/// taken back, so that the next run calls whatever the policy, and the cause is thrown on.
///
/// A `Failure` of the classes throttled, unauthorized and permanent says the same: the service refused. Anything else that is thrown, a
/// timeout or an answer of 5xx, leaves the intent: it may have happened.
public struct NotDone: Error, Sendable {
    public let cause: any Error

    public init(_ cause: any Error) {
        self.cause = cause
    }

    /// What to throw on, if this error is sure that nothing happened.
    static func cause(of error: any Error) -> (any Error)? {
        if let sure = error as? NotDone { return sure.cause }
        guard let failure = error as? Failure else { return nil }
        return switch failure.kind {
        case .throttled, .unauthorized, .permanent: failure
        case .transient, .poison: nil
        }
    }
}

extension EffectPolicy {
    var rule: EffectRule {
        switch self {
        case .keyed(let window, let then): .keyed(window: window, then: then.rule)
        case .reconciled: .reconciled
        case .repeatable: .repeatable
        case .atMostOnce: .atMostOnce
        }
    }

    /// Who asks the service, if the policy ever comes to it.
    var ask: (@Sendable (EffectCall) async throws -> Reconciliation<Value>)? {
        switch self {
        case .keyed(_, let then): then.ask
        case .reconciled(let ask): ask
        case .repeatable, .atMostOnce: nil
        }
    }
}

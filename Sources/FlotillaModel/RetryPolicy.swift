// SPDX-License-Identifier: Apache-2.0

/// The one table from what happened to what becomes of the event. Pure: time and chance come in.
///
/// | class | spends an attempt | settlement |
/// |---|---|---|
/// | transient | yes | again after a delay with full jitter, or after the handler's; dead past the last attempt or the maximum age |
/// | throttled | no | again at the named time, at most `longestWait` from now; dead past the maximum age |
/// | unauthorized | no | parked, whatever its attempt and age |
/// | permanent | | dead at once: so are an unknown and a changed effect |
/// | poison | | dead at once: so is what brought too many processes down |
public struct RetryPolicy: Sendable, Equatable {
    public var maximumAttempts: Int
    public var maximumAge: Duration
    /// The ceiling of the first delay; each later one is four times higher, up to `longestDelay`.
    public var firstDelay: Duration
    public var longestDelay: Duration
    /// The ceiling of a time that a handler or a service names: whoever says "in a year" is asked again before.
    public var longestWait: Duration

    public init(
        maximumAttempts: Int = 12, maximumAge: Duration = .seconds(259_200), firstDelay: Duration = .seconds(1),
        longestDelay: Duration = .seconds(14_400), longestWait: Duration = .seconds(86_400)
    ) {
        self.maximumAttempts = maximumAttempts
        self.maximumAge = maximumAge
        self.firstDelay = firstDelay
        self.longestDelay = longestDelay
        self.longestWait = longestWait
    }

    /// A handler's own policy in a fleet of this one: all of it holds but an age past the fleet's, for which the ledger would not
    /// remember the event any more.
    package func replaced(by own: RetryPolicy?) -> RetryPolicy {
        guard var own else { return self }
        own.maximumAge = min(own.maximumAge, maximumAge)
        return own
    }

    /// - Parameters:
    ///   - attempt: the attempt that has just ended, from 1.
    ///   - age: since the event first failed, or zero if it never did.
    ///   - chance: in 0 ..< 1, for the jitter.
    public func settlement(for outcome: Outcome, attempt: Int, age: Duration, now: Timestamp, chance: Double) -> Settlement {
        switch outcome {
        case .done:
            .done
        case .retry(let reason, let after):
            again(Failure(.transient, reason), after: after, attempt: attempt, age: age, chance: chance)
        case .dead(let reason):
            .dead(cause: Failure(.permanent, reason))
        case .park(let connection, let reason):
            .park(connection: connection, cause: Failure(.unauthorized(connection: connection), reason))
        }
    }

    public func settlement(for failure: Failure, attempt: Int, age: Duration, now: Timestamp, chance: Double) -> Settlement {
        switch failure.kind {
        case .transient:
            again(failure, after: nil, attempt: attempt, age: age, chance: chance)
        case .throttled(let until):
            age > maximumAge
                ? .dead(cause: Failure(failure.kind, "too old: \(failure.reason)"))
                : .retry(after: wait(until - now), attempt: attempt, cause: failure)
        case .unauthorized(let connection):
            .park(connection: connection, cause: failure)
        case .permanent, .poison:
            .dead(cause: failure)
        }
    }

    /// Exponential with full jitter: a random part of a ceiling that grows with each attempt, so that a crowd that failed together
    /// does not come back together.
    public func delay(beforeAttempt next: Int, chance: Double) -> Duration {
        let steps = min(max(next, 2) - 2, 30)
        let ceiling = min(firstDelay.inSeconds * Double(sign: .plus, exponent: 2 * steps, significand: 1), longestDelay.inSeconds)
        return .milliseconds(Int64(ceiling * 1000 * min(max(0, chance), 1)))
    }

    private func again(_ failure: Failure, after: Duration?, attempt: Int, age: Duration, chance: Double) -> Settlement {
        if attempt >= maximumAttempts {
            return .dead(cause: Failure(failure.kind, "gave up after \(attempt) attempts: \(failure.reason)"))
        }
        if age > maximumAge {
            return .dead(cause: Failure(failure.kind, "too old: \(failure.reason)"))
        }
        let delay = after.map(wait) ?? delay(beforeAttempt: attempt + 1, chance: chance)
        return .retry(after: delay, attempt: attempt + 1, cause: failure)
    }

    private func wait(_ named: Duration) -> Duration { min(max(named, .zero), longestWait) }
}

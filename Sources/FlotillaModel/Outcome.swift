// SPDX-License-Identifier: Apache-2.0

/// What a handler says of an event, when it knows. What it does not know it throws, and the policy decides.
public enum Outcome: Sendable, Equatable {
    case done
    /// Again later: after the given time, or after the policy's if there is none. Spends an attempt.
    case retry(_ reason: String, after: Duration? = nil)
    /// Never again by itself: a dead letter, for a person to look at.
    case dead(_ reason: String)
    /// Not before this connection is authorised again. Spends no attempt.
    case park(connection: String, _ reason: String)
}

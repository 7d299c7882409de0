// SPDX-License-Identifier: Apache-2.0

/// What becomes of a delivery: chosen by `RetryPolicy`, carried out by the pipeline, told to the broker and the ledger.
public enum Settlement: Sendable, Equatable {
    case done
    /// A copy with this attempt number is delivered after the delay.
    case retry(after: Duration, attempt: Int, cause: Failure)
    case dead(cause: Failure)
    case park(connection: String, cause: Failure)
    /// Given back to the queue as it was: a drain, a store that is away, a lease that was lost.
    case giveBack
}

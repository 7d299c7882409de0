// SPDX-License-Identifier: Apache-2.0

/// A step of an effect that has just been taken: where a crash test ends the process.
package enum EffectStage: String, Sendable, CaseIterable {
    /// The intent is in the store.
    case intended
    /// The call has returned.
    case called
    /// The result is in the store.
    case recorded
}

/// What became of an effect in one run: the word in metrics.
package enum EffectResult: String, Sendable, CaseIterable {
    case done
    /// Done, with a value that is too large to be kept.
    case unkept
    /// The call threw: it may have happened.
    case failed
    /// The call threw, and nothing happened.
    case refused
    /// It had happened in an earlier run.
    case recorded
    /// It had happened, as the service says.
    case reconciled
    case unknown, changed, lost
    /// The handler is at fault: the same effect twice, a name that is none, a value that it can't read.
    case invalid
}

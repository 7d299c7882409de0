// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel

/// What may be done about an intent without a result, as the store and the table know a policy.
package indirect enum EffectRule: Sendable, Equatable {
    case keyed(window: Duration, then: EffectRule)
    case reconciled, repeatable, atMostOnce

    package var name: String {
        switch self {
        case .keyed(_, let then): "keyed, then \(then.name)"
        case .reconciled: "reconciled"
        case .repeatable: "repeatable"
        case .atMostOnce: "at most once"
        }
    }
}

/// The decision table of effects: what a run may do, and what is written. Pure, and the same for every adapter.
///
/// | stored | argument | rule | answer |
/// |---|---|---|---|
/// | nothing | | | call, with an intent |
/// | any | another one | | changed |
/// | intent of this run | the same | | call: the store had not answered |
/// | intent | the same | keyed, within its window | call |
/// | intent | the same | keyed, after its window | as `then` says |
/// | intent | the same | reconciled | reconcile |
/// | intent | the same | repeatable | call |
/// | intent | the same | atMostOnce | unknown |
/// | result | the same | | recorded |
/// | result without the value that is needed | the same | keyed within its window, repeatable | call: the provider says it again |
/// | result without the value that is needed | the same | reconciled | reconcile |
/// | result without the value that is needed | the same | atMostOnce | value lost |
package enum EffectTable {
    /// What is kept of a value: a result is a receipt, not a document.
    package static let valueLimit = 65_536
    /// An intent outlives a ledger's row so many times.
    package static let patience = 10

    /// - Parameters:
    ///   - fence: of the claim, already checked; nil without one.
    ///   - now: by the store's clock.
    /// - Returns: the answer, and the row to write if there was none.
    package static func begin(
        _ row: EffectRow?, _ ask: EffectAsk, fence: Int64?, now: Timestamp
    ) -> (answer: EffectAnswer, write: EffectRow?) {
        guard let row else { return (.call(isRepeat: false), intent(ask, fence: fence, now: now)) }
        guard row.argument == ask.argument else { return (.changed, nil) }
        if row.state == .intended {
            return (row.run == ask.run ? .call(isRepeat: false) : again(ask.rule, row, now), nil)
        }
        if row.value != nil || !ask.needsValue { return (.recorded(row.value), nil) }
        return (again(ask.rule, row, now), nil)
    }

    private static func intent(_ ask: EffectAsk, fence: Int64?, now: Timestamp) -> EffectRow {
        EffectRow(
            state: .intended, argument: ask.argument, policy: ask.rule.name, isSecret: ask.isSecret, since: now, changed: now,
            fence: fence ?? 0, run: ask.run)
    }

    private static func again(_ rule: EffectRule, _ row: EffectRow, _ now: Timestamp) -> EffectAnswer {
        let hasHappened = row.state != .intended
        switch rule {
        case .keyed(let window, let then):
            // An intent of the future: the clock was set back, and nobody can say how old it is.
            let age = now - row.since
            return age < window && age > .seconds(-60) ? .call(isRepeat: true) : again(then, row, now)
        case .reconciled: return .reconcile(hasHappened: hasHappened)
        case .repeatable: return .call(isRepeat: true)
        case .atMostOnce: return hasHappened ? .valueLost : .unknown(since: row.since)
        }
    }

    /// The row after the effect has happened. What was there keeps its time.
    package static func finish(
        _ row: EffectRow?, _ ask: EffectAsk, value: EffectRecord?, fence: Int64?, now: Timestamp
    ) -> EffectRow {
        var row = row ?? intent(ask, fence: fence, now: now)
        row.state = .finished
        row.value = value
        row.isSecret = ask.isSecret
        row.changed = now
        row.fence = fence ?? 0
        row.run = ask.run
        return row
    }

    /// Whether an intent may be taken back: by the run that wrote it alone. Of one that was there before, an earlier call may have come
    /// through, whatever this one met with.
    package static func withdraws(_ row: EffectRow, run: Int64) -> Bool {
        row.state == .intended && row.run == run
    }

    /// What a person's verdict does: the answer, and the row to write; `remove` takes it away.
    package static func resolve(
        _ row: EffectRow?, as verdict: EffectVerdict, isRunning: Bool, now: Timestamp
    ) -> (answer: EffectResolution, change: Change) {
        guard var row else { return (.missing, .none) }
        if isRunning { return (.running, .none) }
        switch verdict {
        case .happened(let value):
            // One that has ended may still lack its value, and what a person has said a person may correct.
            guard takesVerdict(row, hasValue: value != nil) else { return (.settled, .none) }
            row.state = .resolved
            row.value = value
            row.changed = now
            return (.resolved, .write(row))
        case .redo:
            return row.state == .intended ? (.resolved, .remove) : (.settled, .none)
        }
    }

    /// Whether a person may still say that it happened.
    package static func takesVerdict(_ row: EffectRow, hasValue: Bool) -> Bool {
        row.state == .intended || (hasValue && (row.value == nil || row.state == .resolved))
    }

    package enum Change: Sendable, Equatable {
        case none, remove
        case write(EffectRow)
    }
}

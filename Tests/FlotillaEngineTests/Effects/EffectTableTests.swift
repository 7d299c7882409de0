// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import Testing

/// What is stored of an effect, what a run asks, and what it is told.
struct EffectCase: Sendable, CustomTestStringConvertible {
    enum Stored: Sendable {
        case nothing, intent, ownIntent, value, noValue, resolved
    }

    var testDescription: String
    let stored: Stored
    let rule: EffectRule
    var age = Duration.seconds(60)
    var argument: UInt8 = 1
    var needsValue = true
    let expected: EffectAnswer

    init(
        _ stored: Stored, _ rule: EffectRule, age: Duration = .seconds(60), argument: UInt8 = 1, needsValue: Bool = true,
        is expected: EffectAnswer
    ) {
        testDescription = "\(stored), \(rule.name), \(age), \(argument), \(needsValue)"
        self.stored = stored
        self.rule = rule
        self.age = age
        self.argument = argument
        self.needsValue = needsValue
        self.expected = expected
    }

    static let since = Timestamp(milliseconds: 1_767_225_600_000)
    private static let hour = EffectRule.keyed(window: .seconds(3600), then: .atMostOnce)
    private static let unknown = EffectAnswer.unknown(since: since)
    private static let everyRule: [EffectRule] = [.atMostOnce, .repeatable, .reconciled, hour]

    var row: EffectRow? {
        let state: EffectState
        switch stored {
        case .nothing: return nil
        case .intent, .ownIntent: state = .intended
        case .value, .noValue: state = .finished
        case .resolved: state = .resolved
        }
        let hasValue = stored == .value || stored == .resolved
        return EffectRow(
            state: state, argument: [1], policy: rule.name, value: hasValue ? .plain([7]) : nil, since: Self.since, changed: Self.since,
            fence: 1, run: stored == .ownIntent ? 2 : 1)
    }

    static let table: [EffectCase] =
        everyRule.flatMap { rule in
            [
                EffectCase(.nothing, rule, is: .call(isRepeat: false)),
                EffectCase(.nothing, rule, argument: 2, is: .call(isRepeat: false)),
                EffectCase(.ownIntent, rule, age: .seconds(9999), is: .call(isRepeat: false)),
                EffectCase(.ownIntent, rule, argument: 2, is: .changed),
                EffectCase(.intent, rule, argument: 2, is: .changed),
                EffectCase(.value, rule, argument: 2, is: .changed),
                EffectCase(.resolved, rule, argument: 2, is: .changed),
                EffectCase(.value, rule, age: .seconds(999_999_999), is: .recorded(.plain([7]))),
                EffectCase(.value, rule, needsValue: false, is: .recorded(.plain([7]))),
                EffectCase(.resolved, rule, is: .recorded(.plain([7]))),
                EffectCase(.noValue, rule, needsValue: false, is: .recorded(nil)),
            ]
        } + [
            EffectCase(.intent, .atMostOnce, is: unknown),
            EffectCase(.intent, .atMostOnce, age: .zero, is: unknown),
            EffectCase(.intent, .repeatable, is: .call(isRepeat: true)),
            EffectCase(.intent, .reconciled, is: .reconcile(hasHappened: false)),
            EffectCase(.intent, hour, age: .zero, is: .call(isRepeat: true)),
            EffectCase(.intent, hour, age: .milliseconds(3_599_999), is: .call(isRepeat: true)),
            EffectCase(.intent, hour, age: .seconds(3600), is: unknown),
            // A clock that stepped back a little, and one that was set back.
            EffectCase(.intent, hour, age: .seconds(-1), is: .call(isRepeat: true)),
            EffectCase(.intent, hour, age: .seconds(-61), is: unknown),
            EffectCase(
                .intent, .keyed(window: .seconds(1), then: .reconciled), is: .reconcile(hasHappened: false)),
            EffectCase(.intent, .keyed(window: .seconds(1), then: .repeatable), is: .call(isRepeat: true)),
            EffectCase(.intent, .keyed(window: .seconds(1), then: hour), is: .call(isRepeat: true)),
            EffectCase(.intent, .keyed(window: .zero, then: .atMostOnce), age: .zero, is: unknown),
            EffectCase(.noValue, .atMostOnce, is: .valueLost),
            EffectCase(.noValue, .repeatable, is: .call(isRepeat: true)),
            EffectCase(.noValue, .reconciled, is: .reconcile(hasHappened: true)),
            EffectCase(.noValue, hour, is: .call(isRepeat: true)),
            EffectCase(.noValue, hour, age: .seconds(3600), is: .valueLost),
        ]
}

struct EffectTableTests {
    @Test(arguments: EffectCase.table)
    func `what is stored, the policy and the time decide what a run may do`(_ row: EffectCase) {
        let ask = EffectAsk(rule: row.rule, argument: [row.argument], needsValue: row.needsValue, isSecret: false, run: 2)
        let now = EffectCase.since + row.age
        let decision = EffectTable.begin(row.row, ask, fence: 5, now: now)
        #expect(decision.answer == row.expected)
        let intent = EffectRow(
            state: .intended, argument: [row.argument], policy: row.rule.name, since: now, changed: now, fence: 5, run: 2)
        #expect(decision.write == (row.row == nil ? intent : nil))
    }

    @Test func `a result keeps the time of the first intent`() {
        let ask = EffectAsk(rule: .repeatable, argument: [1], needsValue: true, isSecret: true, run: 2)
        let later = EffectCase.since + .seconds(9)
        let first = EffectCase(.intent, .repeatable, is: .changed).row
        let row = EffectTable.finish(first, ask, value: .plain([1]), fence: 3, now: later)
        #expect([row.since, row.changed] == [EffectCase.since, later])
        #expect(row.state == .finished && row.value == .plain([1]) && row.isSecret && row.fence == 3 && row.run == 2)
        #expect(EffectTable.finish(nil, ask, value: nil, fence: nil, now: later).since == later)
    }

    @Test func `only the run that wrote an intent takes it back, and a result nobody`() throws {
        for stored in [EffectCase.Stored.intent, .ownIntent, .value, .noValue, .resolved] {
            let row = try #require(EffectCase(stored, .atMostOnce, is: .changed).row)
            #expect(EffectTable.withdraws(row, run: 2) == (stored == .ownIntent), "\(stored)")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaModel
import TestSupport
import Testing

/// What happened, and what becomes of the event.
struct PolicyCase: Sendable, CustomTestStringConvertible {
    enum Happened: Sendable {
        case outcome(Outcome)
        case failure(Failure.Class)
    }

    var testDescription: String
    var happened: Happened
    var attempt = 1
    var age: Duration = .zero
    var expected: Settlement

    init(_ name: String, _ happened: Happened, attempt: Int = 1, age: Duration = .zero, is expected: Settlement) {
        testDescription = name
        self.happened = happened
        self.attempt = attempt
        self.age = age
        self.expected = expected
    }

    static let now = Timestamp(milliseconds: 1_767_225_600_000)
    /// Twelve attempts, an hour, and the whole ceiling as the delay: every number in the table is exact.
    static let policy = RetryPolicy(
        maximumAttempts: 12, maximumAge: .seconds(3600), firstDelay: .seconds(2), longestDelay: .seconds(600), longestWait: .seconds(7200))

    var settlement: Settlement {
        switch happened {
        case .outcome(let outcome):
            Self.policy.settlement(for: outcome, attempt: attempt, age: age, now: Self.now, chance: 1)
        case .failure(let kind):
            Self.policy.settlement(for: Failure(kind, "why"), attempt: attempt, age: age, now: Self.now, chance: 1)
        }
    }

    private static func gaveUp(_ kind: Failure.Class, after attempts: Int) -> Settlement {
        .dead(cause: Failure(kind, "gave up after \(attempts) attempts: why"))
    }

    private static func tooOld(_ kind: Failure.Class) -> Settlement { .dead(cause: Failure(kind, "too old: why")) }

    private static func again(after seconds: Int, attempt: Int, _ kind: Failure.Class = .transient) -> Settlement {
        .retry(after: .seconds(seconds), attempt: attempt, cause: Failure(kind, "why"))
    }

    private static let farAway = now + .seconds(999_999)
    private static let later = now + .seconds(90)
    private static let earlier = now - .seconds(90)

    static let outcomes: [PolicyCase] = [
        PolicyCase("done is done", .outcome(.done), is: .done),
        PolicyCase("done at the last attempt", .outcome(.done), attempt: 12, age: .seconds(9999), is: .done),
        PolicyCase("retry takes the policy's delay", .outcome(.retry("why")), is: again(after: 2, attempt: 2)),
        PolicyCase("retry takes the handler's delay", .outcome(.retry("why", after: .seconds(7))), is: again(after: 7, attempt: 2)),
        PolicyCase(
            "a handler's delay of all measure is cut", .outcome(.retry("why", after: .seconds(999_999))), is: again(after: 7200, attempt: 2)
        ),
        PolicyCase("a handler's delay before now", .outcome(.retry("why", after: .seconds(-7))), is: again(after: 0, attempt: 2)),
        PolicyCase(
            "a handler's delay is longer than the policy's longest", .outcome(.retry("why", after: .seconds(7200))),
            is: again(after: 7200, attempt: 2)),
        PolicyCase("the last but one attempt", .outcome(.retry("why")), attempt: 11, is: again(after: 600, attempt: 12)),
        PolicyCase("the last attempt", .outcome(.retry("why")), attempt: 12, is: gaveUp(.transient, after: 12)),
        PolicyCase("past the last attempt", .outcome(.retry("why")), attempt: 13, is: gaveUp(.transient, after: 13)),
        PolicyCase("exactly the maximum age", .outcome(.retry("why")), age: .seconds(3600), is: again(after: 2, attempt: 2)),
        PolicyCase("just past the maximum age", .outcome(.retry("why")), age: .milliseconds(3_600_001), is: tooOld(.transient)),
        PolicyCase("dead", .outcome(.dead("why")), is: .dead(cause: Failure(.permanent, "why"))),
        PolicyCase(
            "parked, however old", .outcome(.park(connection: "c1", "why")), attempt: 12, age: .seconds(9999),
            is: .park(connection: "c1", cause: Failure(.unauthorized(connection: "c1"), "why"))),
    ]

    static let failures: [PolicyCase] = [
        PolicyCase("transient", .failure(.transient), is: again(after: 2, attempt: 2)),
        PolicyCase("transient, second", .failure(.transient), attempt: 2, is: again(after: 8, attempt: 3)),
        PolicyCase("transient, fifth", .failure(.transient), attempt: 5, is: again(after: 512, attempt: 6)),
        PolicyCase("transient at the ceiling", .failure(.transient), attempt: 6, is: again(after: 600, attempt: 7)),
        PolicyCase("transient, last", .failure(.transient), attempt: 12, is: gaveUp(.transient, after: 12)),
        PolicyCase("transient, too old", .failure(.transient), age: .seconds(3601), is: tooOld(.transient)),
        PolicyCase(
            "throttled spends no attempt", .failure(.throttled(until: later)), attempt: 3,
            is: again(after: 90, attempt: 3, .throttled(until: later))),
        PolicyCase(
            "throttled at the last attempt", .failure(.throttled(until: later)), attempt: 12,
            is: again(after: 90, attempt: 12, .throttled(until: later))),
        PolicyCase(
            "throttled until a moment that has passed", .failure(.throttled(until: earlier)),
            is: again(after: 0, attempt: 1, .throttled(until: earlier))),
        PolicyCase(
            "throttled until a moment that is far away", .failure(.throttled(until: farAway)), attempt: 12,
            is: again(after: 7200, attempt: 12, .throttled(until: farAway))),
        PolicyCase(
            "throttled, exactly the maximum age", .failure(.throttled(until: later)), age: .seconds(3600),
            is: again(after: 90, attempt: 1, .throttled(until: later))),
        PolicyCase("throttled, too old", .failure(.throttled(until: later)), age: .seconds(3601), is: tooOld(.throttled(until: later))),
        PolicyCase(
            "unauthorized parks at once, at any attempt and age", .failure(.unauthorized(connection: "c1")), attempt: 12,
            age: .seconds(9999),
            is: .park(connection: "c1", cause: Failure(.unauthorized(connection: "c1"), "why"))),
        PolicyCase("permanent", .failure(.permanent), is: .dead(cause: Failure(.permanent, "why"))),
        PolicyCase("poison", .failure(.poison), is: .dead(cause: Failure(.poison, "why"))),
    ]
}

struct RetryPolicyTests {
    @Test(arguments: PolicyCase.outcomes + PolicyCase.failures)
    func `what happened, the attempt and the age decide what becomes of an event`(_ row: PolicyCase) {
        #expect(row.settlement == row.expected)
    }

    @Test func `ceilings grow fourfold from the first delay to the longest`() {
        let policy = RetryPolicy()
        let seconds = (2...12).map { policy.delay(beforeAttempt: $0, chance: 1) }
        #expect(seconds == [1, 4, 16, 64, 256, 1024, 4096, 14_400, 14_400, 14_400, 14_400].map { Duration.seconds($0) })
    }

    @Test func `the delay lies between nothing and its ceiling, whatever the chance and the attempt`() {
        let policy = RetryPolicy()
        for attempt in [Int.min, -1, 0, 1, 2, 3, 12, 1000, Int.max] {
            for chance in [-1, 0, 0.25, 0.999, 1, 7, Double.infinity, -Double.infinity, Double.nan] {
                let delay = policy.delay(beforeAttempt: attempt, chance: chance)
                #expect(delay >= .zero && delay <= policy.delay(beforeAttempt: attempt, chance: 1))
            }
        }
        #expect(policy.delay(beforeAttempt: 4, chance: 0.5) == .seconds(8))
    }

    @Test func `the jitter spreads a crowd over the whole span`() {
        var random = Seeded(7)
        let policy = RetryPolicy()
        let delays = (0..<10_000).map { _ in policy.delay(beforeAttempt: 4, chance: Double.random(in: 0..<1, using: &random)) }
        for quarter in 0..<4 {
            let span = Duration.seconds(4 * quarter)..<Duration.seconds(4 * quarter + 4)
            #expect((2300...2700).contains(delays.count { span.contains($0) }))
        }
    }

    @Test func `times out of all measure are cut, and bring nothing down`() {
        // A service's "retry after" is a number that a network sent.
        let policy = RetryPolicy()
        let now = PolicyCase.now
        let far = Failure(.throttled(until: Timestamp(microseconds: .max)), "why")
        let settlement = policy.settlement(for: far, attempt: 1, age: .zero, now: now, chance: 0)
        if case .retry(let delay, 1, _) = settlement { #expect(now + delay > now) } else { Issue.record("not a retry: \(settlement)") }
        let past = Failure(.throttled(until: Timestamp(microseconds: .min)), "why")
        #expect(policy.settlement(for: past, attempt: 1, age: .zero, now: now, chance: 0) == .retry(after: .zero, attempt: 1, cause: past))
    }

    @Test func `a handler's own policy holds as a whole, but for an age past the fleet's`() {
        let fleet = RetryPolicy(maximumAttempts: 12, maximumAge: .seconds(100))
        #expect(fleet.replaced(by: nil) == fleet)
        let patient = RetryPolicy(maximumAttempts: 50, maximumAge: .seconds(1000), firstDelay: .seconds(9), longestDelay: .seconds(10))
        var expected = patient
        expected.maximumAge = .seconds(100)
        #expect(fleet.replaced(by: patient) == expected)
        let hasty = RetryPolicy(maximumAttempts: 1, maximumAge: .seconds(5))
        #expect(fleet.replaced(by: hasty) == hasty)
    }
}

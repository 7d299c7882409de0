// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaMemory
import FlotillaModel
import FlotillaRuntime
import TestSupport
import Testing

/// What a handler does with an event, and the way that the event goes.
struct WayCase: Sendable, CustomTestStringConvertible {
    var testDescription: String
    let body: @Sendable () throws -> Outcome
    let steps: [String]
    let row: LedgerRow?
    let state: LedgerState
    var attempt = 1

    init(
        _ name: String, _ state: LedgerState, attempt: Int = 1, _ steps: [String], _ body: @escaping @Sendable () throws -> Outcome
    ) {
        testDescription = name
        self.body = body
        self.steps = steps
        self.state = state
        self.attempt = attempt
        row = LedgerRow(state: state, round: attempt, generation: 0, fence: 1)
    }

    private struct Secretive: Error, CustomStringConvertible {
        let description = "password 123"
    }

    private static func way(_ queue: String, _ mark: String) -> [String] {
        ["claim", "handle", "forward \(queue)", "mark \(mark)", "acknowledge"]
    }
    private static let again = way("q", "retrying(next: 2)")

    static let table: [WayCase] = [
        WayCase("done", .done, ["claim", "handle", "mark done", "acknowledge"]) { .done },
        WayCase("retry", .retrying, attempt: 2, again) { .retry("later") },
        WayCase("dead", .dead, way("q.dead", "dead")) { .dead("never") },
        WayCase("park", .parked, way("q.parked", "parked")) { .park(connection: "c", "no consent") },
        WayCase("transient", .retrying, attempt: 2, again) { throw Failure(.transient, "later") },
        WayCase("throttled", .retrying, again) {
            throw Failure(.throttled(until: Timestamp(microseconds: 0)), "slower")
        },
        WayCase("unauthorized", .parked, way("q.parked", "parked")) { throw Failure(.unauthorized(connection: "c"), "no consent") },
        WayCase("permanent", .dead, way("q.dead", "dead")) { throw Failure(.permanent, "never") },
        WayCase("poison", .dead, way("q.dead", "dead")) { throw Failure(.poison, "never") },
        WayCase("an error of its own", .retrying, attempt: 2, again) { throw Secretive() },
        WayCase("a cancellation that nobody asked for", .retrying, attempt: 2, again) { throw CancellationError() },
    ]
}

struct OutcomeTests {
    @Test(arguments: WayCase.table)
    func `an event goes from claim to handler to copy to mark to acknowledgement, in this order`(_ row: WayCase) async throws {
        try await Bench.use { bench in
            let worker = Doing { _, _ in try row.body() }
            let steps = try await bench.settle(worker)
            // A copy that is due at once may have been taken again meanwhile.
            #expect(Array(steps.prefix(row.steps.count)) == row.steps)
            if row.testDescription != "throttled" { #expect(try await bench.entry() == row.row) }
        }
    }

    @Test func `of an error that is not ours only the type is told`() async throws {
        try await Bench.use { bench in
            struct Leaky: Error, CustomStringConvertible { let description = "password 123" }
            _ = try await bench.settle(Doing { _, _ in throw Failure(.permanent, Failure(thrown: Leaky()).reason) })
            let reason = try #require(bench.broker.letters(in: "q.dead").first?.passage.reason)
            #expect(reason.contains("Leaky") && !reason.contains("password"))
        }
    }

    @Test func `a dead letter says where, why and when it failed first`() async throws {
        try await Bench.use { bench in
            let begin = bench.clock.now
            let worker = try bench.worker(handler: Doing { _, context in context.attempt < 3 ? .retry("later") : .dead("never") })
            try await bench.broker.publish([event("1")])
            try await bench.running(worker) {
                for attempt in 1...2 {
                    try await bench.record.reach("settled", attempt)
                    try await bench.pass(.seconds(100))
                }
                try await bench.record.reach("settled", 3)
            }
            let passage = try #require(bench.broker.letters(in: "q.dead").first?.passage)
            #expect(passage.attempt == 3 && passage.origin == "q" && passage.failureClass == "permanent" && passage.reason == "never")
            #expect(passage.firstFailedAt == begin)
        }
    }

    @Test func `twelve attempts are made, not one more, and no two events of it live`() async throws {
        try await Bench.use { bench in
            let attempts = Tally()
            let worker = try bench.worker(
                handler: Doing { _, context in
                    attempts.add()
                    #expect(context.attempt == attempts.count)
                    return .retry("later")
                })
            try await bench.broker.publish([event("1")])
            try await bench.running(worker) {
                for attempt in 1...12 {
                    try await bench.record.reach("settled", attempt)
                    #expect(bench.broker.depth(of: "q") <= 1)
                    try await bench.pass(.seconds(14_400))
                }
            }
            #expect(attempts.count == 12)
            #expect(bench.broker.letters(in: "q.dead").count == 1 && bench.broker.depth(of: "q") == 0)
        }
    }

    @Test func `what can't be read is a dead letter at once, and the handler never sees it`() async throws {
        try await Bench.use { bench in
            let steps = try await bench.settle(
                Doing { _, _ in
                    Issue.record("handled")
                    return .done
                }, damaged: true)
            #expect(steps == ["forward q.dead", "acknowledge"])
            #expect(bench.broker.letters(in: "q.dead").first?.passage.reason == "not an event: specversion is not 1.0")
        }
    }

    @Test func `a handler that may be repeated is not claimed, but what it did is marked`() async throws {
        try await Bench.use { bench in
            let steps = try await bench.settle(Doing(isRepeatable: true) { _, _ in .done })
            #expect(steps == ["handle", "mark done unclaimed", "acknowledge"])
            #expect(try await bench.entry()?.state == .done)
        }
    }

    @Test(arguments: [(Outcome.dead("no"), LedgerState.dead), (.park(connection: "c", "gone"), .parked)])
    func `what a handler that may be repeated gives up is known to the ledger, too`(_ outcome: Outcome, _ state: LedgerState) async throws {
        try await Bench.use { bench in
            let steps = try await bench.settle(Doing(isRepeatable: true) { _, _ in outcome })
            #expect(steps == ["handle", "forward q.\(state.name)", "claim alone", "mark \(state.name)", "acknowledge"])
            #expect(try await bench.entry()?.state == state)
        }
    }

    @Test func `the key that a handler passes on is the same on every attempt`() async throws {
        try await Bench.use { bench in
            let keys = Record()
            let worker = try bench.worker(
                handler: Doing { _, context in
                    keys.add("\(context.key) \(context.queue) \(context.generation)")
                    return context.attempt == 1 ? .retry("later") : .done
                })
            try await bench.broker.publish([event("1")])
            try await bench.running(worker) {
                try await bench.record.reach("settled")
                try await bench.pass(.seconds(100))
                try await bench.record.reach("settled", 2)
            }
            #expect(keys.steps == ["q:/hooks/test:1 q 0", "q:/hooks/test:1 q 0"])
        }
    }

    @Test func `a handler's own policy decides about its failures`() async throws {
        try await Bench.use { bench in
            let handler = Doing(retries: RetryPolicy(maximumAttempts: 1)) { _, _ in throw Failure(.transient, "never") }
            let steps = try await bench.settle(handler)
            #expect(steps == ["claim", "handle", "forward q.dead", "mark dead", "acknowledge"])
            #expect(bench.broker.letters(in: "q.dead").first?.passage.reason == "gave up after 1 attempts: never")
        }
    }
}

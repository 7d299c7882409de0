// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import FlotillaSQLite
import TestSupport
import Testing

struct DamagedPassageTests {
    /// What a damaged row says of a delivery.
    enum Damage: CaseIterable {
        case attempt, deferrals, generation, all, below

        var columns: String {
            let most = Int64.max
            let least = Int64.min
            return switch self {
            case .attempt: "attempt = \(most)"
            case .deferrals: "passage = 'deferrals=\(most)'"
            case .generation: "generation = \(most)"
            case .all: "attempt = \(most), generation = \(most), passage = 'deferrals=\(most)'"
            case .below: "attempt = \(least), generation = \(least), passage = 'deferrals=\(least)'"
            }
        }
    }

    /// What the handler says of it the first time.
    enum Answer: CaseIterable {
        case done, retry, throttled, dead
    }

    /// A number near the end of its range was read from a row, and the next one was computed from it: the sum of attempt and deferrals
    /// for the claim, the next attempt, the next generation of a replay. Each overflow brought the process down, and again after
    /// every restart.
    @Test(arguments: Damage.allCases, Answer.allCases)
    func `a passage with numbers at the end of their range is settled, and what comes after it too`(_ damage: Damage, _ answer: Answer)
        async throws
    {
        let loop = try Loop("worker")
        defer { loop.stop() }
        try await SQLiteHarness.use(options: SQLiteFile.Options()) { harness in
            let file = try await harness.file()
            let broker = SQLiteBroker(file)
            try await broker.declare("q", bindings: [pattern("t")])
            try await broker.publish([event("damaged")])
            try Tampering.run(harness.path, "UPDATE delivery SET \(damage.columns)")
            try await broker.publish([event("after")])

            var settings = Worker.Settings(queue: "q", bindings: [try pattern("t")], concurrency: 1, prefetch: 1)
            settings.policy = RetryPolicy(firstDelay: .milliseconds(1), longestDelay: .milliseconds(1))
            let handler = Answering(answer)
            let worker = Worker(
                settings, handler: handler, broker: broker, ledger: SQLiteLedger(file),
                effects: SQLiteEffects(file), clock: SystemClock(), sleeper: LoopSleeper(loop), solitude: Solitude())
            let running = Task { try await worker.run() }
            defer { running.cancel() }
            try await within { await handler.handledAfter.reach(1) }
            try await until { try await broker.queues().first { $0.name == "q" }.map { $0.ready + $0.held + $0.delayed } == 0 }

            let letters = try await broker.letters(in: "q.dead", matching: LetterFilter(), limit: 10)
            if answer == .dead { #expect(letters.map { try? $0.content.get().id } == ["damaged"]) }
            // Whether such a letter can run once more is another matter; what follows it can.
            _ = try await broker.replay(letters, to: "q")
            try await broker.publish([event("after")])
            try await broker.publish([event("last")])
            try await within { await handler.handledLast.reach(1) }
            await worker.drain()
            try await within { try await running.value }
        }
    }
}

/// Says what it was told to say of the damaged one, the first time; everything else is done.
private final class Answering: Handler {
    private let answer: DamagedPassageTests.Answer
    private let damaged = Tally()
    let handledAfter = Tally()
    let handledLast = Tally()

    init(_ answer: DamagedPassageTests.Answer) {
        self.answer = answer
    }

    func handle(_ event: Event, context: Context) async throws -> Outcome {
        if event.id == "after" { handledAfter.add() }
        if event.id == "last" { handledLast.add() }
        guard event.id == "damaged" else { return .done }
        damaged.add()
        guard damaged.count == 1 else { return .done }
        return switch answer {
        case .done: .done
        case .retry: .retry("not now")
        case .throttled: throw Failure(.throttled(until: SystemClock().now), "busy")
        case .dead: .dead("never")
        }
    }
}

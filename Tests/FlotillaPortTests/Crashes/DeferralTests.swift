// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import TestSupport
import Testing

/// Asks to wait the first two times, and is done at the third.
private struct Patient: Handler {
    let life: Life
    let runs: Tally

    func handle(_ event: Event, context: Context) async throws -> Outcome {
        try life.check()
        #expect(context.attempt == 1)
        runs.add()
        guard runs.count <= 2 else { return .done }
        throw Failure(.throttled(until: SystemClock().now + .milliseconds(1)), "slow down")
    }
}

/// Counts what the ledger answered, and ends with its life.
private struct AnswerCount: WorkerWatcher {
    let life: Life
    let superseded: Tally
    let duplicates: Tally

    func reached(_ stage: PipelineStage, _ delivery: Delivery) { life.reached(stage, delivery) }

    func claimed(_ delivery: Delivery, _ answer: ClaimAnswer) {
        switch answer {
        case .superseded: superseded.add()
        case .duplicate: duplicates.add()
        default: break
        }
    }
}

struct DeferralTests {
    /// A worker that was told to wait forwards a copy with the same attempt, marks it, and is killed before it acknowledges. The
    /// original comes again: with the attempt alone to tell them apart, both would run, and each would make further copies.
    @Test(arguments: Adapter.lives)
    func `a copy that spent no attempt supersedes the delivery that it was made of`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let runs = Tally()
            let superseded = Tally()
            let duplicates = Tally()
            let kills = Tally()
            let one = try key("1")
            var holder = try await harness.open()
            try await holder.broker.declare("q", bindings: [pattern("t")])
            try await holder.broker.publish([event("1")])
            for _ in 1...2 {
                let life = Life { stage, _ in
                    guard stage == .marked else { return false }
                    kills.add()
                    return kills.count == 1
                }
                let loop = try Loop("worker")
                let worker = Worker(
                    Worker.Settings(queue: "q", bindings: [try pattern("t")], concurrency: 1, prefetch: 1),
                    handler: Patient(life: life, runs: runs), broker: MortalBroker(broker: holder.broker, life: life),
                    ledger: MortalLedger(ledger: holder.ledger, life: life), effects: holder.effects, clock: SystemClock(),
                    sleeper: LoopSleeper(loop), solitude: Solitude(),
                    watcher: AnswerCount(life: life, superseded: superseded, duplicates: duplicates))
                let running = Task { try? await worker.run() }
                try await within(.seconds(60), "an end") { [holder] in
                    while !life.isOver {
                        let depth = try await holder.depth("q")
                        if try await holder.state(one) == .done, depth == 0 { return }
                        try await LoopSleeper(loop).sleep(for: .milliseconds(2))
                    }
                }
                running.cancel()
                _ = await running.value
                loop.stop()
                guard life.isOver else { break }
                await holder.vanish()
                holder = try await harness.open()
            }
            #expect(try await holder.state(one) == .done)
            #expect([superseded.count, duplicates.count, runs.count] == [1, 0, 3])
        }
    }
}

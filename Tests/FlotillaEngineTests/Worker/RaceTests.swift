// SPDX-License-Identifier: Apache-2.0

import FlotillaMemory
import FlotillaModel
import FlotillaRuntime
import Synchronization
import TestSupport
import Testing

@testable import FlotillaEngine

/// Endings that come at the same time: each run ends once, for one reason, and nothing waits for ever. (A continuation that is resumed
/// twice traps; one that is lost shows as a test that does not end.)
struct RaceTests {
    @Test func `a run ends once, whatever comes at the same time`() async throws {
        let stragglers = Stragglers()
        for round in 0..<2000 {
            let run = HandlerRun(key: nil, claim: nil, deadline: .zero, stragglers: stragglers)
            try await within {
                let running = Task { await run { round % 3 == 0 ? .done : try await Self.untilCancelled() } }
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { run.cancel(for: .overran) }
                    group.addTask { run.leave() }
                    group.addTask { run.cancel(for: .lostClaim) }
                    if round % 2 == 0 { group.addTask { running.cancel() } }
                }
                _ = await running.value
            }
        }
        // Handlers that were left behind end a little later, and are counted out.
        try await within {
            while stragglers.count.load(ordering: .relaxed) != 0 { await Task.yield() }
        }
    }

    @Test func `a worker that is cancelled already begins no handler`() async throws {
        let stragglers = Stragglers()
        let begun = Tally()
        let run = HandlerRun(key: nil, claim: nil, deadline: .zero, stragglers: stragglers)
        let running = Task { () -> HandlerRun.Ending in
            await Tally().reach(1)
            return await run {
                begun.add()
                return .done
            }
        }
        running.cancel()
        let ending = try await within { await running.value }
        if case .stopped = ending {} else { Issue.record("ended otherwise: \(ending)") }
        #expect(begun.count == 0 && stragglers.count.load(ordering: .relaxed) == 0)
    }

    @Sendable private static func untilCancelled() async throws -> Outcome {
        await Tally().reach(1)
        throw CancellationError()
    }

    @Test func `nobody is beside whoever is alone, and everybody gets in`() async throws {
        let solitude = Solitude()
        let room = Room()
        let entered = Tally()
        try await within {
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<4000 {
                    group.addTask {
                        let alone = number % 7 == 0
                        await solitude.enter(alone: alone)
                        room.enter(alone: alone)
                        await Task.yield()
                        room.leave(alone: alone)
                        solitude.leave(alone: alone)
                        entered.add()
                    }
                }
            }
        }
        #expect(entered.count == 4000)
    }

    @Test func `between two who run alone those go who wait together`() async throws {
        let solitude = Solitude()
        await solitude.enter(alone: true)
        let record = Record()
        let tally = Tally()
        try await within {
            await withTaskGroup(of: Void.self) { group in
                for name in ["second", "together", "third", "together"] {
                    let waiting = solitude.waiting
                    group.addTask {
                        let alone = name != "together"
                        await solitude.enter(alone: alone)
                        record.add(name)
                        tally.add()
                        if !alone { await tally.reach(2) }
                        solitude.leave(alone: alone)
                    }
                    // In this order.
                    while solitude.waiting == waiting { await Task.yield() }
                }
                solitude.leave(alone: true)
            }
        }
        #expect(record.steps == ["together", "together", "second", "third"])
    }

    @Test func `runs that begin, end and are swept at the same time leave nothing behind`() async throws {
        let clock = ManualClock()
        let keeper = RunKeeper(
            ledger: MemoryLedger(clock: clock), solitude: Solitude(), clock: clock, sleeper: ManualSleeper(clock), interval: .seconds(1),
            grace: .zero)
        try await within {
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<1000 {
                    group.addTask {
                        let run = keeper.begin(nil, claim: nil, limit: .milliseconds(number % 5))
                        _ = await run { number % 2 == 0 ? .done : try await Self.untilCancelled() }
                        keeper.end(run)
                    }
                    if number % 10 == 0 {
                        group.addTask {
                            clock.advance(by: .milliseconds(1))
                            await keeper.sweep()
                        }
                    }
                }
                group.addTask {
                    for _ in 0..<200 {
                        clock.advance(by: .milliseconds(10))
                        await keeper.sweep()
                        await Task.yield()
                    }
                }
                // Whoever began after the last of these sweeps is ended by the next ones.
                let sweeping = Task {
                    while !Task.isCancelled {
                        clock.advance(by: .milliseconds(10))
                        await keeper.sweep()
                        await Task.yield()
                    }
                }
                await group.waitForAll()
                sweeping.cancel()
            }
            while keeper.leftBehind != 0 { await Task.yield() }
        }
    }
}

/// Who is in it, and nobody beside whoever is alone.
private final class Room: Sendable {
    private let inside = Mutex((together: 0, alone: 0))

    func enter(alone: Bool) {
        inside.withLock { inside in
            if alone { inside.alone += 1 } else { inside.together += 1 }
            #expect(inside.alone == (alone ? 1 : 0) && (!alone || inside.together == 0))
        }
    }

    func leave(alone: Bool) {
        inside.withLock { inside in
            if alone { inside.alone -= 1 } else { inside.together -= 1 }
        }
    }
}

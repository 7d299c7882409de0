// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import TestSupport
import Testing

struct LedgerTests {
    @Test(arguments: Adapter.ledgers)
    func `what is claimed runs once; others are told that it is busy, until it is marked`(_ adapter: Adapter) async throws {
        try await adapter.ledger { ledger in
            let one = try key("1")
            let fence = try await ledger.claimed(one)
            #expect(try await ledger.claim(one, round: 1, generation: 0, alone: false).isBusy)
            #expect(try await ledger.claim(one, round: 2, generation: 0, alone: true).isBusy)
            #expect(try await ledger.claimed(key("2")) > 0)
            #expect(try await ledger.mark(one, fence: fence, as: .done))
            #expect(try await ledger.claim(one, round: 1, generation: 0, alone: false) == .duplicate(.done))
        }
    }

    @Test(arguments: Adapter.ledgers, [(LedgerMark.done, LedgerState.done), (.dead, .dead), (.parked, .parked)])
    func `what has ended is a duplicate, until a person replays it`(_ adapter: Adapter, _ end: (mark: LedgerMark, state: LedgerState))
        async throws
    {
        try await adapter.ledger { ledger in
            let one = try key("1")
            let fence = try await ledger.claimed(one)
            #expect(try await ledger.mark(one, fence: fence, as: end.mark))
            #expect(try await ledger.claim(one, round: 5, generation: 0, alone: true) == .duplicate(end.state))
            let next = try await ledger.claimed(one, generation: 1)
            #expect(next > fence)
            #expect(try await ledger.mark(one, fence: next, as: .done))
            #expect(try await ledger.claim(one, round: 1, generation: 0, alone: false) == .superseded)
            #expect(try await ledger.claim(one, round: 1, generation: 1, alone: false) == .duplicate(.done))
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `a retry is run by its own round, and supersedes older copies`(_ adapter: Adapter) async throws {
        try await adapter.ledger { ledger in
            let one = try key("1")
            let fence = try await ledger.claimed(one)
            #expect(try await ledger.mark(one, fence: fence, as: .retrying(next: 2)))
            #expect(try await ledger.claim(one, round: 1, generation: 0, alone: false) == .superseded)
            let next = try await ledger.claimed(one, round: 2)
            #expect(next > fence)
            #expect(try await ledger.claim(one, round: 1, generation: 0, alone: false) == .superseded)
            #expect(try await ledger.mark(one, fence: next, as: .free))
            let last = try await ledger.claimed(one, round: 2)
            #expect(last > next)
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `a stale fence writes nothing`(_ adapter: Adapter) async throws {
        try await adapter.ledger { ledger in
            let one = try key("1")
            #expect(try await ledger.mark(one, fence: 1, as: .done) == false)
            let stale = try await ledger.claimed(one)
            #expect(try await ledger.mark(one, fence: stale, as: .free))
            let fence = try await ledger.claimed(one)
            for mark in [LedgerMark.done, .dead, .parked, .free, .retrying(next: 9)] {
                #expect(try await ledger.mark(one, fence: stale, as: mark) == false)
            }
            #expect(try await ledger.lost(among: [HeldClaim(key: one, fence: fence)]).isEmpty)
            #expect(try await ledger.mark(one, fence: fence, as: .done))
            #expect(try await ledger.mark(one, fence: fence, as: .dead) == false)
            #expect(try await ledger.claim(one, round: 1, generation: 0, alone: false) == .duplicate(.done))
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `lost are the claims that were taken over or marked, and those that never were`(_ adapter: Adapter) async throws {
        try await adapter.ledger { ledger in
            let held = HeldClaim(key: try key("held"), fence: try await ledger.claimed(key("held")))
            let marked = HeldClaim(key: try key("marked"), fence: try await ledger.claimed(key("marked")))
            _ = try await ledger.mark(marked.key, fence: marked.fence, as: .done)
            let unknown = HeldClaim(key: try key("unknown"), fence: 1)
            let other = HeldClaim(key: held.key, fence: held.fence + 1)
            #expect(Set(try await ledger.lost(among: [held, marked, unknown, other])) == [marked, unknown, other])
            #expect(try await ledger.lost(among: []).isEmpty)
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `done without a claim is done for everybody, and takes a claim away`(_ adapter: Adapter) async throws {
        try await adapter.ledger { ledger in
            try await ledger.markDone(key("1"), generation: 0)
            #expect(try await ledger.claim(key("1"), round: 1, generation: 0, alone: false) == .duplicate(.done))
            let fence = try await ledger.claimed(key("2"))
            try await ledger.markDone(key("2"), generation: 0)
            #expect(try await ledger.mark(key("2"), fence: fence, as: .dead) == false)
            #expect(try await ledger.claim(key("2"), round: 1, generation: 0, alone: false) == .duplicate(.done))
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `a process that vanishes is counted as a crash; the event runs alone, and is given up at the third`(_ adapter: Adapter)
        async throws
    {
        try await adapter.harness { harness in
            let one = try key("1")
            var holder = try await harness.open()
            var stale = try await holder.ledger.claimed(one)
            for crash in 1..<LedgerTable.crashLimit {
                await holder.vanish()
                holder = try await harness.open()
                #expect(try await holder.ledger.takeOver(one) == .alone(crashes: crash))
                // Asked again without being alone: no further crash is counted.
                #expect(try await holder.ledger.claim(one, round: 1, generation: 0, alone: false) == .alone(crashes: crash))
                let fence = try await holder.ledger.claimed(one, alone: true)
                #expect(fence > stale)
                #expect(try await holder.ledger.mark(one, fence: stale, as: .done) == false)
                stale = fence
            }
            await holder.vanish()
            holder = try await harness.open()
            let answer = try await holder.ledger.takeOver(one)
            let fence = try #require(answer.fence)
            #expect(answer == .crashed(fence: fence, crashes: LedgerTable.crashLimit))
            #expect(try await holder.ledger.mark(one, fence: fence, as: .dead))
            #expect(try await holder.ledger.claim(one, round: 1, generation: 0, alone: true) == .duplicate(.dead))
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `a retry that is further on than what vanished is no crash`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let gone = try await harness.open()
            let one = try key("1")
            _ = try await gone.ledger.claimed(one)
            await gone.vanish()
            let ledger = try await harness.open().ledger
            #expect(try await ledger.takeOver(one, round: 2).fence != nil)
            #expect(try await ledger.claim(one, round: 1, generation: 0, alone: false) == .superseded)
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `of many who claim one event at once, one runs it`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let holders = [try await harness.open(), try await harness.open()]
            for round in 0..<10 {
                let answers = try await withThrowingTaskGroup(of: ClaimAnswer.self) { group in
                    for number in 0..<40 {
                        let ledger = holders[number % 2].ledger
                        group.addTask { try await ledger.claim(key("\(round)"), round: 1, generation: 0, alone: false) }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(answers.count { $0.fence != nil } == 1)
                #expect(answers.count(where: \.isBusy) == 39)
            }
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `many events at once end as they were marked`(_ adapter: Adapter) async throws {
        try await adapter.ledger { ledger in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<300 {
                    group.addTask {
                        let fence = try await ledger.claimed(key("\(number)"))
                        let mark = [LedgerMark.done, .dead, .retrying(next: 2)][number % 3]
                        #expect(try await ledger.mark(key("\(number)"), fence: fence, as: mark))
                    }
                }
                try await group.waitForAll()
            }
            for number in 0..<300 {
                let answer = try await ledger.claim(key("\(number)"), round: 1, generation: 0, alone: false)
                #expect(answer == [.duplicate(.done), .duplicate(.dead), .superseded][number % 3])
            }
        }
    }
}

extension Adapter {
    func ledger(_ body: (any Ledger) async throws -> Void) async throws {
        try await harness { try await body($0.open().ledger) }
    }
}

extension ClaimAnswer {
    var isBusy: Bool { if case .busy = self { true } else { false } }

    /// Under which marks are written, if the claim is the caller's.
    var fence: Int64? {
        switch self {
        case .run(let fence), .crashed(let fence, _): fence
        default: nil
        }
    }
}

extension Ledger {
    /// Claims what must be free, and answers its fence.
    func claimed(_ key: LedgerKey, round: Int = 1, generation: Int = 0, alone: Bool = false) async throws -> Int64 {
        let answer = try await claim(key, round: round, generation: generation, alone: alone)
        guard case .run(let fence) = answer else { throw Unexpected(answer: answer) }
        return fence
    }

    /// The first answer after the lease of a process that vanished.
    func takeOver(_ key: LedgerKey, round: Int = 1) async throws -> ClaimAnswer {
        try await within(.seconds(60), "the end of a lease") {
            while true {
                let answer = try await claim(key, round: round, generation: 0, alone: false)
                guard case .busy = answer else { return answer }
                try Task.checkCancellation()
                await Task.yield()
            }
        }
    }
}

struct Unexpected: Error {
    let answer: ClaimAnswer
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime

/// A step of the pipeline that has just been taken: where a crash test ends the process.
package enum PipelineStage: String, Sendable, CaseIterable {
    case received, claimed, handled, forwarded, marked, settled
}

/// The steps of the pipeline, one function each. Store and broker may be away: a step that needs them waits for them, and throws
/// only when the worker is cancelled. No attempt is spent by waiting.
struct PipelineSteps: Sendable {
    let queue: String
    let handler: any Handler
    let broker: any Broker
    let ledger: any Ledger
    let effects: any Effects
    let policy: RetryPolicy
    let vault: Vault?
    let handlerLimit: Duration
    let keeper: RunKeeper
    let solitude: Solitude
    let clock: any WallClock
    let sleeper: any Sleeper
    let chance: @Sendable () -> Double
    let watcher: any WorkerWatcher
    let parkKeeper: ParkKeeper?

    /// As nobody's is longer than.
    private static let longestLease = Duration.seconds(600)

    func key(of event: Event) throws -> LedgerKey {
        try LedgerKey(consumer: queue, source: event.source, id: event.id)
    }

    // MARK: Claim

    func claim(_ key: LedgerKey, _ delivery: Delivery, alone: Bool) async throws -> ClaimAnswer {
        let passage = delivery.passage
        let answer = try await insisting("claim") {
            try await ledger.claim(key, round: passage.round, generation: passage.generation, alone: alone)
        }
        watcher.claimed(delivery, answer)
        watcher.reached(.claimed, delivery)
        return answer
    }

    // MARK: Handle

    func handle(_ event: Event, _ delivery: Delivery, _ claim: HeldClaim?) async -> Settlement {
        let begin = clock.uptime
        let run = keeper.begin(try? key(of: event), claim: claim, limit: handlerLimit)
        let effects = effects(of: event, delivery, run)
        let context = Context(
            key: IdempotencyKey.text(consumer: queue, event: event), queue: queue, attempt: delivery.passage.attempt,
            generation: delivery.passage.generation, deadline: clock.now + handlerLimit, run: effects)
        let ending = effects.ending(await run { [handler] in try await handler.handle(event, context: context) })
        keeper.end(run)
        watcher.handled(event, delivery, took: clock.uptime - begin)
        watcher.reached(.handled, delivery)
        return settlement(for: ending, delivery.passage, now: clock.now)
    }

    private func settlement(for ending: HandlerRun.Ending, _ passage: Passage, now: Timestamp) -> Settlement {
        let age = passage.firstFailedAt.map { now - $0 } ?? .zero
        return switch ending {
        case .returned(let outcome):
            policy.settlement(for: outcome, attempt: passage.attempt, age: age, now: now, chance: chance())
        case .threw(let failure):
            policy.settlement(for: failure, attempt: passage.attempt, age: age, now: now, chance: chance())
        case .overran:
            policy.settlement(
                for: Failure(.transient, "the handler did not end within \(handlerLimit.inMilliseconds) ms"), attempt: passage.attempt,
                age: age, now: now, chance: chance())
        case .lostClaim, .stopped:
            .giveBack
        }
    }

    // MARK: Mark and settle

    /// False when the claim was lost meanwhile and nothing was written: the delivery has to be claimed again. A copy that is out by then
    /// begins no other life: a retry's meets the ledger as any delivery does, and of a letter the ledger is asked before it goes on.
    func settle(
        _ delivery: Delivery, as settlement: Settlement, under claim: HeldClaim, since sight: Int64 = 0
    ) async throws -> Bool {
        let copy = copy(of: delivery, for: settlement)
        // A letter stays for a person, even when the successor finishes the event.
        if settlement.isLetter, try await isLost(claim) { return false }
        if let copy {
            do {
                try await forward(delivery, copy)
            } catch is BrokerFailure {
                return try await surrender(delivery, claim)
            }
        }
        // Before the mark: whoever takes over from a worker that was killed up to here runs the event again, and comes by here, too.
        let back = try await note(settlement, since: sight)
        let mark = settlement.mark(next: (copy?.passage ?? delivery.passage).round)
        let marked = try await insisting("mark") { try await ledger.mark(claim.key, fence: claim.fence, as: mark) }
        watcher.reached(.marked, delivery)
        let isOver = marked || settlement == .giveBack
        if isOver { finish(delivery, settlement) }
        // Whoever resumes asks the ledger, too.
        if let back { parkKeeper?.resume(back) }
        return isOver
    }

    private func isLost(_ claim: HeldClaim) async throws -> Bool {
        try await insisting("claim") { try await !ledger.lost(among: [claim]).isEmpty }
    }

    /// The broker refuses the copy: others hold the delivery by now, or its queue is gone. Whoever has it next decides.
    private func surrender(_ delivery: Delivery, _ claim: HeldClaim) async throws -> Bool {
        _ = try await insisting("mark") { try await ledger.mark(claim.key, fence: claim.fence, as: .free) }
        finish(delivery, .giveBack)
        return true
    }

    func settleUnclaimed(_ delivery: Delivery, as settlement: Settlement, _ key: LedgerKey, since sight: Int64) async throws {
        if let copy = copy(of: delivery, for: settlement) { try await forward(delivery, copy) }
        let back = try await note(settlement, since: sight)
        try await markUnclaimed(key, delivery.passage, settlement)
        watcher.reached(.marked, delivery)
        finish(delivery, settlement)
        if let back { parkKeeper?.resume(back) }
    }

    /// Evidence for the audit, and for those who wait behind it in its lane. Dead and parked are rare: they are claimed for their mark alone.
    private func markUnclaimed(_ key: LedgerKey, _ passage: Passage, _ settlement: Settlement) async throws {
        switch settlement {
        case .done:
            try await insisting("mark") { try await ledger.markDone(key, generation: passage.generation) }
        case .dead, .park:
            let answer = try await insisting("claim") {
                try await ledger.claim(key, round: passage.round, generation: passage.generation, alone: true)
            }
            switch answer {
            case .run(let fence), .crashed(let fence, _):
                let mark = settlement.mark(next: passage.round)
                _ = try await insisting("mark") { try await ledger.mark(key, fence: fence, as: mark) }
            // It has come to an end under another copy, which says so.
            case .duplicate, .superseded, .busy, .alone: break
            }
        case .retry, .giveBack: break
        }
    }

    // MARK: Park

    /// What a run that begins now can know of any connection.
    var sight: Int64 { parkKeeper?.sight ?? 0 }

    /// Of an event whose copy is in the park: tells the store that its connection is lost. Answers the connection when it was authorised
    /// since the run began: then what the handler found is old, and the event goes on as soon as it is settled.
    private func note(_ settlement: Settlement, since sight: Int64) async throws -> String? {
        guard case .park(let connection, _) = settlement, let parkKeeper, let name = ConnectionName.plain(connection) else { return nil }
        return try await insisting("park") { try await parkKeeper.parked(for: name, since: sight) } ? name : nil
    }

    /// Not an event: a dead letter at once. Without an id there is nothing that the ledger could remember.
    func bury(_ delivery: Delivery) async throws {
        guard case .failure(let fault) = delivery.content else { return }
        let settlement = Settlement.dead(cause: Failure(.poison, "not an event: \(fault)"))
        if let copy = copy(of: delivery, for: settlement) { try await forward(delivery, copy) }
        finish(delivery, settlement)
    }

    /// Somebody else runs it: a copy comes back after the lease of that claim, so that nothing waits or spins here.
    func postpone(_ delivery: Delivery, until: Timestamp) async throws {
        // By the store's clock, which may be far from ours.
        try await postpone(delivery, by: min(max(until - clock.now, .zero), Self.longestLease) + .milliseconds(100))
    }

    /// In the same round: it has not run.
    func postpone(_ delivery: Delivery, by delay: Duration) async throws {
        try await forward(delivery, Copy(queue: queue, passage: delivery.passage, delay: delay))
        delivery.acknowledge()
    }

    private func finish(_ delivery: Delivery, _ settlement: Settlement) {
        if settlement == .giveBack { delivery.giveBack() } else { delivery.acknowledge() }
        watcher.settled(delivery, settlement)
    }

    // MARK: Copies

    private struct Copy {
        let queue: String
        let passage: Passage
        var delay: Duration = .zero
    }

    private func copy(of delivery: Delivery, for settlement: Settlement) -> Copy? {
        var passage = delivery.passage
        switch settlement {
        case .done, .giveBack:
            return nil
        case .retry(let delay, let attempt, let cause):
            passage.blame(cause, in: queue, now: clock.now)
            if attempt == passage.attempt { passage.deferrals += 1 }
            passage.attempt = attempt
            return Copy(queue: queue, passage: passage, delay: delay)
        case .dead(let cause):
            passage.blame(cause, in: queue, now: clock.now)
            return Copy(queue: QueueNames.dead(queue), passage: passage)
        case .park(let connection, let cause):
            passage.blame(cause, in: queue, now: clock.now)
            passage.set(connection: connection)
            return Copy(queue: QueueNames.parked(queue), passage: passage)
        }
    }

    private func forward(_ delivery: Delivery, _ copy: Copy) async throws {
        try await insisting("forward") {
            try await broker.forward(delivery, to: copy.queue, passage: copy.passage, after: copy.delay)
        }
        watcher.reached(.forwarded, delivery)
    }

    /// What the broker refuses is thrown after a pause, so that the delivery does not spin.
    func insisting<Value: Sendable>(_ step: String, _ body: () async throws -> Value) async throws -> Value {
        do {
            return try await sleeper.insisting(on: body) { watcher.waiting(for: step, because: $0) }
        } catch let failure as BrokerFailure {
            try Task.checkCancellation()
            watcher.waiting(for: step, because: failure)
            try await sleeper.sleep(for: .seconds(5))
            throw failure
        }
    }
}

extension Settlement {
    /// Its copy waits for a person or for a consent.
    fileprivate var isLetter: Bool {
        switch self {
        case .dead, .park: true
        case .done, .retry, .giveBack: false
        }
    }

    fileprivate func mark(next round: Int) -> LedgerMark {
        switch self {
        case .done: .done
        case .retry: .retrying(next: round)
        case .dead: .dead
        case .park: .parked
        case .giveBack: .free
        }
    }
}

/// The text that a handler passes to outside services; made of what names the event for ever.
enum IdempotencyKey {
    static func text(consumer: String, event: Event) -> String {
        "\(consumer):\(event.source):\(event.id)"
    }
}

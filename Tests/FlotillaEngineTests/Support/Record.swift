// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import Synchronization
import TestSupport

/// What happened, in order, as words; and what shall fail.
final class Record: Sendable {
    private struct State {
        var steps: [String] = []
        var away: [String: Int] = [:]
        var waiters: [(step: String, count: Int, tally: Tally)] = []
    }

    private let state = Mutex(State())

    var steps: [String] { state.withLock { $0.steps } }

    func add(_ step: String) {
        let reached = state.withLock { state -> [Tally] in
            state.steps.append(step)
            let count = state.steps.count { $0 == step }
            return state.waiters.filter { $0.step == step && $0.count <= count }.map(\.tally)
        }
        for tally in reached { tally.add() }
    }

    /// Returns when this has happened so many times.
    func reach(_ step: String, _ count: Int = 1) async throws {
        let tally = Tally()
        let already = state.withLock { state in
            state.waiters.append((step, count, tally))
            return state.steps.count { $0 == step } >= count
        }
        if !already { try await within { await tally.reach(1) } }
    }

    /// The next so many calls of this kind fail.
    func fail(_ call: String, times: Int) { state.withLock { $0.away[call] = times } }

    func check(_ call: String) throws {
        let fails = state.withLock { state in
            guard let left = state.away[call], left > 0 else { return false }
            state.away[call] = left - 1
            return true
        }
        guard fails else { return }
        add("\(call) failed")
        throw call == "refused" ? BrokerFailure(.refused, "the delivery is no longer held") : BrokerFailure(.away, "away")
    }
}

/// Tells of forwards, and of how deliveries were settled.
struct RecordingBroker: Broker {
    let broker: any Broker
    let record: Record
    /// What happens when a copy has been confirmed.
    var forwarded: @Sendable () async throws -> Void = {}

    func declare(_ queue: String, bindings: [TopicPattern]) async throws { try await broker.declare(queue, bindings: bindings) }
    func publish(_ events: [Event]) async throws { try await broker.publish(events) }
    func ailment() async -> String? { await broker.ailment() }

    func forward(_ delivery: Delivery, to queue: String, passage: Passage, after delay: Duration) async throws {
        try record.check("forward")
        try record.check("refused")
        guard let source = delivery.source as? RecordingSource else { return }
        try await broker.forward(source.original, to: queue, passage: passage, after: delay)
        record.add("forward \(queue)")
        try await forwarded()
    }

    func subscribe(to queue: String, prefetch: Int) async throws -> any Subscription {
        RecordingSubscription(subscription: try await broker.subscribe(to: queue, prefetch: prefetch), record: record)
    }
}

private struct RecordingSubscription: Subscription {
    let subscription: any Subscription
    let record: Record

    func next() async throws -> Delivery? {
        guard let original = try await subscription.next() else { return nil }
        return Delivery(
            queue: original.queue, content: original.content, passage: original.passage, accepted: original.accepted, tag: original.tag,
            source: RecordingSource(original, record))
    }

    func cancel() async { await subscription.cancel() }
}

private final class RecordingSource: DeliverySource {
    let original: Delivery
    private let record: Record

    init(_ original: Delivery, _ record: Record) {
        self.original = original
        self.record = record
    }

    func settle(_ delivery: Delivery, _ verdict: DeliveryVerdict) {
        if verdict == .acknowledged { original.acknowledge() } else { original.giveBack() }
        record.add(verdict == .acknowledged ? "acknowledge" : "give back")
    }
}

/// Tells of claims and marks, and of what they answered.
struct RecordingLedger: Ledger {
    let ledger: any Ledger
    let record: Record

    func claim(_ key: LedgerKey, round: Int, generation: Int, alone: Bool) async throws -> ClaimAnswer {
        try record.check("claim")
        let answer = try await ledger.claim(key, round: round, generation: generation, alone: alone)
        record.add(alone ? "claim alone" : "claim")
        return answer
    }

    func mark(_ key: LedgerKey, fence: Int64, as mark: LedgerMark) async throws -> Bool {
        try record.check("mark")
        let written = try await ledger.mark(key, fence: fence, as: mark)
        record.add(written ? "mark \(mark)" : "mark refused")
        try record.check("answer of mark")
        return written
    }

    func markDone(_ key: LedgerKey, generation: Int) async throws {
        try record.check("mark")
        try await ledger.markDone(key, generation: generation)
        record.add("mark done unclaimed")
    }

    func lost(among held: [HeldClaim]) async throws -> [HeldClaim] {
        try record.check("lost")
        let lost = try await ledger.lost(among: held)
        if !lost.isEmpty { record.add("lost") }
        return lost
    }

    func ailment() async -> String? { await ledger.ailment() }
}

/// Tells of intents and results, and of what they answered.
struct RecordingEffects: Effects {
    let effects: any Effects
    let record: Record

    func begin(_ effect: EffectName, _ ask: EffectAsk, under claim: HeldClaim?) async throws -> EffectAnswer {
        try record.check("begin")
        let answer = try await effects.begin(effect, ask, under: claim)
        record.add("begin \(effect.name)")
        return answer
    }

    func finish(_ effect: EffectName, _ ask: EffectAsk, value: EffectRecord?, under claim: HeldClaim?) async throws -> Bool {
        try record.check("finish")
        let written = try await effects.finish(effect, ask, value: value, under: claim)
        record.add(written ? "finish \(effect.name)" : "finish refused")
        return written
    }

    func withdraw(_ effect: EffectName, run: Int64, under claim: HeldClaim) async throws -> Bool {
        try record.check("withdraw")
        let written = try await effects.withdraw(effect, run: run, under: claim)
        record.add(written ? "withdraw \(effect.name)" : "withdraw refused")
        return written
    }
}

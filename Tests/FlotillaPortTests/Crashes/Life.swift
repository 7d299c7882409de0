// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import Synchronization
import TestSupport

/// The life of one process of a crash test: it ends at a stage of the pipeline, and from then on nothing that the process does
/// reaches broker or ledger, as if it had been killed between that stage and the next.
final class Life: WorkerWatcher {
    private let lethal: @Sendable (PipelineStage, Delivery) -> Bool
    private let dead = Atomic(false)
    let ended = Tally()

    /// - Parameter lethal: true for the moment at which the process is killed.
    init(_ lethal: @escaping @Sendable (PipelineStage, Delivery) -> Bool) {
        self.lethal = lethal
    }

    var isOver: Bool { dead.load(ordering: .acquiring) }

    func reached(_ stage: PipelineStage, _ delivery: Delivery) {
        guard !isOver, lethal(stage, delivery) else { return }
        end()
    }

    func end() {
        guard !dead.exchange(true, ordering: .acquiringAndReleasing) else { return }
        ended.add()
    }

    func check() throws {
        if isOver { throw Killed() }
    }

    struct Killed: Error {}
}

/// Settles what a process says while it lives.
private final class MortalSource: DeliverySource {
    let original: Delivery
    private let life: Life

    init(_ original: Delivery, _ life: Life) {
        self.original = original
        self.life = life
    }

    func settle(_ delivery: Delivery, _ verdict: DeliveryVerdict) {
        guard !life.isOver else { return }
        if verdict == .acknowledged { original.acknowledge() } else { original.giveBack() }
    }
}

private struct MortalSubscription: Subscription {
    let subscription: any Subscription
    let life: Life

    func next() async throws -> Delivery? {
        guard let original = try await subscription.next(), !life.isOver else { return nil }
        return Delivery(
            queue: original.queue, content: original.content, passage: original.passage, accepted: original.accepted, tag: original.tag,
            source: MortalSource(original, life))
    }

    func cancel() async {
        // A killed process gives nothing back.
        if !life.isOver { await subscription.cancel() }
    }
}

struct MortalBroker: Broker {
    let broker: any Broker
    let life: Life

    func declare(_ queue: String, bindings: [TopicPattern]) async throws {
        try await broker.declare(queue, bindings: bindings)
    }

    func publish(_ events: [Event]) async throws {
        try life.check()
        try await broker.publish(events)
    }

    func forward(_ delivery: Delivery, to queue: String, passage: Passage, after delay: Duration) async throws {
        try life.check()
        guard let source = delivery.source as? MortalSource else { return }
        try await broker.forward(source.original, to: queue, passage: passage, after: delay)
    }

    func subscribe(to queue: String, prefetch: Int) async throws -> any Subscription {
        MortalSubscription(subscription: try await broker.subscribe(to: queue, prefetch: prefetch), life: life)
    }

    func ailment() async -> String? { await broker.ailment() }
}

struct MortalLedger: Ledger {
    let ledger: any Ledger
    let life: Life

    func claim(_ key: LedgerKey, round: Int, generation: Int, alone: Bool) async throws -> ClaimAnswer {
        try life.check()
        return try await ledger.claim(key, round: round, generation: generation, alone: alone)
    }

    func mark(_ key: LedgerKey, fence: Int64, as mark: LedgerMark) async throws -> Bool {
        try life.check()
        return try await ledger.mark(key, fence: fence, as: mark)
    }

    func markDone(_ key: LedgerKey, generation: Int) async throws {
        try life.check()
        try await ledger.markDone(key, generation: generation)
    }

    func lost(among held: [HeldClaim]) async throws -> [HeldClaim] {
        try life.check()
        return try await ledger.lost(among: held)
    }

    func ailment() async -> String? { await ledger.ailment() }
}

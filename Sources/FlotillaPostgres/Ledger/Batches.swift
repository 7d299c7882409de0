// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime
internal import Synchronization

/// What a caller waits for, about one key.
protocol BatchedAsk: Sendable {
    var key: LedgerKey { get }
    func fail(_ failure: PostgresFailure)
}

/// Lets what waits at the same time travel together: whatever came while one batch was under way is the next one. So one that comes alone
/// goes at once, and under load a round trip and a commit are shared by hundreds. A batch is sorted by its keys, as everything that locks
/// several rows is, so that no two of them can be in each other's way; a key that is under way waits for the next one.
///
/// Bounded by those who wait: each has a delivery within a prefetch.
///
/// Sendable because only the thread of the loop touches what is mutable here, but for the intake, which has a lock.
final class Batches<Ask: BatchedAsk>: @unchecked Sendable {
    private struct Intake {
        var asks: [Ask] = []
        var isScheduled = false
    }

    private let store: PostgresStore
    private let pool: Pool
    private let intake = Mutex(Intake())
    private var waiting: [Ask] = []
    /// Keys of a batch, and of what goes on elsewhere behind one.
    private var busy: Set<LedgerKey> = []
    private var isUnderWay = false
    private let compose: ([Ask]) -> [Call]
    /// Answers all but those that it returns, whose keys stay busy until `release`.
    private let conclude: ([Ask], [Rows]) -> [Ask]

    init(
        _ store: PostgresStore, on pool: Pool, compose: @escaping ([Ask]) -> [Call], conclude: @escaping ([Ask], [Rows]) -> [Ask]
    ) {
        self.store = store
        self.pool = pool
        self.compose = compose
        self.conclude = conclude
    }

    /// From any task.
    func put(_ ask: Ask) {
        let isFirst = intake.withLock { intake in
            intake.asks.append(ask)
            defer { intake.isScheduled = true }
            return !intake.isScheduled
        }
        guard isFirst else { return }
        if !store.door.post({ self.turn() }) {
            for ask in take() { ask.fail(.away("the store is closed")) }
        }
    }

    private func take() -> [Ask] {
        intake.withLock { intake in
            intake.isScheduled = false
            defer { intake.asks = [] }
            return intake.asks
        }
    }

    // MARK: On the loop

    private func turn() {
        waiting += take()
        pump()
    }

    /// A key that went on elsewhere has been answered.
    func release(_ key: LedgerKey) {
        busy.remove(key)
        if !waiting.isEmpty { pump() }
    }

    private func pump() {
        guard !isUnderWay, waiting.contains(where: { !busy.contains($0.key) }) else { return }
        isUnderWay = true
        pool.take(within: store.options.patience) { [self] taken in
            switch taken {
            case .failure(let failure):
                isUnderWay = false
                let failed = waiting
                waiting = []
                for ask in failed { ask.fail(failure) }
            case .success(let lease):
                // What came while the line was waited for goes, too.
                let batch = form()
                guard !batch.isEmpty else {
                    isUnderWay = false
                    return pool.release(lease)
                }
                send(batch, compose(batch), on: lease, attempt: 1)
            }
        }
    }

    private func form() -> [Ask] {
        var batch: [Ask] = []
        var rest: [Ask] = []
        for ask in waiting {
            if batch.count < store.options.batch, !busy.contains(ask.key) {
                busy.insert(ask.key)
                batch.append(ask)
            } else {
                rest.append(ask)
            }
        }
        waiting = rest
        return batch.sorted { $0.key < $1.key }
    }

    private func send(_ batch: [Ask], _ calls: [Call], on lease: Lease, attempt: Int) {
        guard !calls.isEmpty else {
            pool.release(lease)
            isUnderWay = false
            return end(batch, [])
        }
        lease.line.ask(calls, in: lease.incarnation, within: store.options.patience) { [self] answer in
            if case .failure(let failure) = answer, failure.isCollision, attempt < PostgresStore.collisionLimit {
                return send(batch, calls, on: lease, attempt: attempt + 1)
            }
            pool.release(lease)
            isUnderWay = false
            switch answer {
            case .failure(let failure):
                if failure.isMissingPartition { store.bell.ring() }
                for ask in batch { busy.remove(ask.key) }
                for ask in batch { ask.fail(failure) }
                turn()
            case .success(let rows): end(batch, rows)
            }
        }
    }

    private func end(_ batch: [Ask], _ rows: [Rows]) {
        let kept = Set(conclude(batch, rows).map(\.key))
        for ask in batch where !kept.contains(ask.key) { busy.remove(ask.key) }
        turn()
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import Synchronization

/// The deliveries of one queue on their way to the workers of this process: filled by the turns of its file, emptied by `next`,
/// ended by `cancel`.
final class SQLiteSubscription: Subscription {
    let queue: String
    let queueID: Int64
    private let prefetch: Int
    private let file: SQLiteFile
    private let state = Mutex(State())

    private struct State {
        var waiting: [Delivery] = []
        var nextIndex = 0
        var takers: [CheckedContinuation<Delivery?, Never>] = []
        /// Unsettled: handed out or waiting here.
        var held = 0
        var heldBytes = 0
        var cancelled = false

        mutating func pop() -> Delivery? {
            guard nextIndex < waiting.count else { return nil }
            defer {
                nextIndex += 1
                if nextIndex == waiting.count {
                    waiting.removeAll(keepingCapacity: true)
                    nextIndex = 0
                }
            }
            return waiting[nextIndex]
        }
    }

    init(queue: String, queueID: Int64, prefetch: Int, file: SQLiteFile) {
        self.queue = queue
        self.queueID = queueID
        self.prefetch = max(1, prefetch)
        self.file = file
    }

    /// How many more may be fetched now. Not a trickle: while something waits here, not before a quarter of the prefetch is free.
    /// When nothing does, any room counts: what is held may be with handlers that take long, and others have nothing to do.
    var room: Int {
        state.withLock { state in
            guard !state.cancelled else { return 0 }
            let room = prefetch - state.held
            return room * 4 >= prefetch || state.waiting.isEmpty ? room : 0
        }
    }

    /// Large events are few at a time: a prefetch alone would let hundreds of bodies into memory.
    static let byteLimit = 64 << 20
    var roomInBytes: Int { state.withLock { Self.byteLimit - $0.heldBytes } }

    func next() async throws -> Delivery? {
        if let ready = state.withLock({ $0.cancelled ? nil : $0.pop() }) { return ready }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (delivery, answered) = state.withLock { state -> (Delivery?, Bool) in
                    if state.cancelled || Task.isCancelled { return (nil, true) }
                    if let ready = state.pop() { return (ready, true) }
                    state.takers.append(continuation)
                    return (nil, false)
                }
                if answered { continuation.resume(returning: delivery) }
            }
        } onCancel: {
            // Whoever consumes in a task that is cancelled is done with the whole subscription.
            end()
        }
    }

    func cancel() async {
        end()
    }

    func end() {
        let (rest, takers) = state.withLock { state -> ([Delivery], [CheckedContinuation<Delivery?, Never>]) in
            state.cancelled = true
            let rest = Array(state.waiting.dropFirst(state.nextIndex))
            state.waiting = []
            state.nextIndex = 0
            defer { state.takers = [] }
            return (rest, state.takers)
        }
        for taker in takers { taker.resume(returning: nil) }
        for delivery in rest { delivery.giveBack() }
        file.forget(self)
    }

    /// On the file's loop, after a commit.
    func accept(_ deliveries: [Delivery]) {
        var handed: [(CheckedContinuation<Delivery?, Never>, Delivery)] = []
        let late = state.withLock { state -> Bool in
            state.held += deliveries.count
            for delivery in deliveries { state.heldBytes += delivery.size }
            guard !state.cancelled else { return true }
            let direct = min(state.takers.count, deliveries.count)
            for index in 0..<direct { handed.append((state.takers[index], deliveries[index])) }
            state.takers.removeFirst(direct)
            state.waiting.append(contentsOf: deliveries[direct...])
            return false
        }
        for (taker, delivery) in handed { taker.resume(returning: delivery) }
        if late { for delivery in deliveries { delivery.giveBack() } }
    }

    fileprivate func settle(_ settled: SettledDelivery, size: Int) {
        state.withLock { state in
            state.held -= 1
            state.heldBytes -= size
        }
        file.settle(settled)
    }
}

/// Remembers under which session a delivery was fetched: one that others took back in the meantime must not be settled by us.
final class SQLiteHold: DeliverySource {
    private let subscription: SQLiteSubscription
    private let holder: Int64
    var queueID: Int64 { subscription.queueID }

    init(subscription: SQLiteSubscription, holder: Int64) {
        self.subscription = subscription
        self.holder = holder
    }

    func settle(_ delivery: Delivery, _ verdict: DeliveryVerdict) {
        subscription.settle(
            SettledDelivery(queue: subscription.queueID, holder: holder, number: delivery.tag, verdict: verdict),
            size: delivery.size)
    }
}

extension Delivery {
    /// What it takes in memory, roughly.
    var size: Int { ((try? content.get().data.count) ?? 0) + 512 }
}

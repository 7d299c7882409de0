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
    private let handover = Handover()
    private let load = Mutex(Load())

    private struct Load {
        /// Unsettled: handed out or waiting here.
        var held = 0
        var heldBytes = 0
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
        guard !handover.isEnded else { return 0 }
        let room = prefetch - load.withLock { $0.held }
        return room * 4 >= prefetch || handover.isEmpty ? room : 0
    }

    /// Large events are few at a time: a prefetch alone would let hundreds of bodies into memory.
    static let byteLimit = 64 << 20
    var roomInBytes: Int { load.withLock { Self.byteLimit - $0.heldBytes } }

    func next() async throws -> Delivery? {
        await handover.next { self.end() }
    }

    func cancel() async {
        end()
    }

    func end() {
        for delivery in handover.end() { delivery.giveBack() }
        file.forget(self)
    }

    /// On the file's loop, after a commit.
    func accept(_ deliveries: [Delivery]) {
        load.withLock { load in
            load.held += deliveries.count
            for delivery in deliveries { load.heldBytes += delivery.size }
        }
        handover.accept(deliveries)
    }

    fileprivate func settle(_ settled: SettledDelivery, size: Int) {
        load.withLock { load in
            load.held -= 1
            load.heldBytes -= size
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

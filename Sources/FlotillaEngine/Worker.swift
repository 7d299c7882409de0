// SPDX-License-Identifier: Apache-2.0

package import FlotillaModel
package import FlotillaRuntime
internal import Synchronization

/// Consumes one queue with one handler: declared and subscribed by `run`, which returns when `drain` was called and every delivery
/// that it had received is settled. Cancelling `run` cancels the handlers and gives back what they held.
package final class Worker: Sendable {
    package struct Settings: Sendable {
        package var queue: String
        package var bindings: [TopicPattern]
        /// Handlers that run at the same time.
        package var concurrency: Int
        /// Deliveries held, those that wait for a handler included.
        package var prefetch: Int
        package var handlerLimit: Duration = .seconds(300)
        package var handlerGrace: Duration = .seconds(5)
        package var policy = RetryPolicy()
        /// Seals what a handler's effects call secret.
        package var vault: Vault?
        package var sweep: Duration = .seconds(1)
        /// Events of one partition key that have a place in a strict lane; more are parked when the lane gets on no more.
        package var laneLimit = 1000
        /// How long the first event of such a lane may be the same until it is said to get on no more.
        package var lanePatience: Duration = .seconds(60)
        /// How often the store is asked for connections that are authorised again.
        package var parkSweep: Duration = .seconds(60)

        package init(queue: String, bindings: [TopicPattern], concurrency: Int = 64, prefetch: Int = 256) {
            self.queue = queue
            self.bindings = bindings
            self.concurrency = max(1, concurrency)
            self.prefetch = max(prefetch, self.concurrency)
        }
    }

    package let settings: Settings
    private let broker: any Broker
    private let order: any DeliveryOrder
    private let keeper: RunKeeper
    private let parkKeeper: ParkKeeper?
    private let sleeper: any Sleeper
    private let state = Mutex(State())

    private struct State {
        var subscription: (any Subscription)?
        var draining = false
    }

    package init(
        _ settings: Settings, handler: any Handler, broker: any Broker, ledger: any Ledger, lanes: any Lanes = NoLanes(),
        effects: any Effects, clock: any WallClock, sleeper: any Sleeper, solitude: Solitude, parking: Parking? = nil,
        watcher: any WorkerWatcher = NoWatcher(),
        chance: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.settings = settings
        self.broker = broker
        self.sleeper = sleeper
        let held = HeldLanes(lanes)
        keeper = RunKeeper(
            ledger: ledger, lanes: held, solitude: solitude, clock: clock, sleeper: sleeper, interval: settings.sweep,
            grace: settings.handlerGrace)
        var pace = ParkKeeper.Pace()
        pace.sweep = settings.parkSweep
        parkKeeper = parking.map {
            ParkKeeper(queue: settings.queue, parking: $0, pace: pace, sleeper: sleeper, chance: chance, watcher: watcher)
        }
        let pipeline = Pipeline(
            steps: PipelineSteps(
                queue: settings.queue, handler: handler, broker: broker, ledger: ledger, effects: effects,
                policy: settings.policy.replaced(by: handler.retries), vault: settings.vault, handlerLimit: settings.handlerLimit,
                keeper: keeper, solitude: solitude, clock: clock, sleeper: sleeper, chance: chance, watcher: watcher,
                parkKeeper: parkKeeper))
        let work = LaneWork(lanes: lanes, steps: pipeline.steps, held: held)
        order =
            switch handler.order {
            case .none: NoOrder(pipeline: pipeline)
            case .exclusive: ExclusiveOrder(pipeline: pipeline, work: work, prefetch: settings.prefetch)
            case .strict:
                StrictOrder(
                    pipeline: pipeline, work: work, prefetch: settings.prefetch, limit: settings.laneLimit,
                    patience: settings.lanePatience)
            }
    }

    /// What keeps it from working, in words that may be shown.
    package var ailment: String? {
        let stuck = keeper.leftBehind
        return stuck >= settings.concurrency ? "\(stuck) handlers of \(settings.queue) ignore their deadline" : nil
    }

    package func run() async throws {
        try await broker.declare(settings.queue, bindings: settings.bindings)
        let subscription = try await broker.subscribe(to: settings.queue, prefetch: settings.prefetch)
        let draining = state.withLock { state in
            state.subscription = subscription
            return state.draining
        }
        if draining { await end(subscription) }
        let source = order.source(subscription)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<settings.concurrency {
                group.addTask { try await self.lane(source) }
            }
            group.addTask { await self.order.work() }
            let keeping = [
                Task { await keeper.run() }, Task { await order.tend() }, Task { if let parkKeeper { await parkKeeper.run() } },
            ]
            defer { for task in keeping { task.cancel() } }
            do {
                try await group.waitForAll()
            } catch {
                await end(subscription)
                throw error
            }
        }
        await end(subscription)
    }

    private func end(_ subscription: (any Subscription)?) async {
        // Before: what is given back would come again.
        await subscription?.cancel()
        order.close()
    }

    /// Takes no more; `run` returns when what was taken is settled.
    package func drain() async {
        let subscription = state.withLock { state in
            state.draining = true
            return state.subscription
        }
        await end(subscription)
    }

    private func lane(_ subscription: any Subscription) async throws {
        while !Task.isCancelled {
            // Handlers that ignore their deadline count against the limit: a worker full of them takes nothing more.
            while keeper.leftBehind >= settings.concurrency {
                if state.withLock({ $0.draining }) { return }
                try await sleeper.sleep(for: settings.sweep)
            }
            guard let delivery = try await subscription.next() else { return }
            await order.run(delivery)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime
internal import Synchronization

/// Metrics and log lines of one worker. Nothing at info or above for a message in normal work.
final class WorkerMeter: WorkerWatcher {
    private let queue: String
    private let metrics: MetricsRegistry
    private let log: Logger
    private let clock: any WallClock
    private let inflight: Gauge
    private let age: Histogram
    private let duplicates: Counter
    private let outcomes: [String: Counter]
    private let throttle = LogThrottle(1, each: .seconds(10))
    /// Types come from outside; past the limit the registry counts under `other`, so asking it again costs only time.
    private let handleSeconds = Mutex<[String: Histogram]>([:])
    private static let typeLimit = 256

    init(queue: String, metrics: MetricsRegistry, log: Logger, clock: any WallClock) {
        self.queue = queue
        self.metrics = metrics
        self.log = log.with(["queue": queue])
        self.clock = clock
        inflight = metrics.gauge(MetricTable.inflight, queue)
        age = metrics.histogram(MetricTable.eventAgeSeconds, queue)
        duplicates = metrics.counter(MetricTable.duplicates, queue)
        let names = ["done", "retry", "dead", "parked", "given_back", "duplicate", "superseded", "busy"]
        outcomes = Dictionary(uniqueKeysWithValues: names.map { ($0, metrics.counter(MetricTable.deliveries, queue, $0)) })
    }

    func reached(_ stage: PipelineStage, _ delivery: Delivery) {
        if stage == .received { inflight.add(1) } else if stage == .settled { inflight.add(-1) }
    }

    func claimed(_ delivery: Delivery, _ answer: ClaimAnswer) {
        switch answer {
        case .run, .crashed: break
        case .duplicate:
            duplicates.add()
            count("duplicate")
        case .superseded: count("superseded")
        case .busy: count("busy")
        case .alone(let crashes):
            log.warning("runs alone: a process ended while it ran", ["id": id(delivery), "crashes": crashes])
        }
    }

    func handled(_ event: Event, _ delivery: Delivery, took: Duration) {
        let histogram = handleSeconds.withLock { known in
            if let histogram = known[event.type] { return histogram }
            if known.count >= Self.typeLimit { known = [:] }
            let histogram = metrics.histogram(MetricTable.handleSeconds, queue, event.type)
            known[event.type] = histogram
            return histogram
        }
        histogram.observe(took)
    }

    func settled(_ delivery: Delivery, _ settlement: Settlement) {
        if let accepted = delivery.accepted, settlement != .giveBack { age.observe(max(clock.now - accepted, .zero)) }
        switch settlement {
        case .done: count("done")
        case .giveBack: count("given_back")
        case .retry(let delay, let attempt, let cause):
            count("retry")
            metrics.counter(MetricTable.retries, queue, cause.kind.name).add()
            log.debug(
                "retry", ["id": id(delivery), "attempt": attempt, "after": delay, "class": cause.kind.name, "reason": cause.reason])
        case .dead(let cause):
            count("dead")
            metrics.counter(MetricTable.dead, queue, cause.kind.name).add()
            log.warning("dead letter", ["id": id(delivery), "class": cause.kind.name, "reason": cause.reason])
        case .park:
            count("parked")
            metrics.counter(MetricTable.parked, queue).add()
        }
    }

    func postponed(_ delivery: Delivery, by delay: Duration) { count("busy") }

    func forgot(tickets count: Int) {
        log.warning(
            "events lost their places in their lanes: for a day others of their keys were asked for, and they were not", ["tickets": count])
    }

    func effect(_ name: String, _ result: EffectResult, _ delivery: Delivery) {
        metrics.counter(MetricTable.effects, queue, name, result.rawValue).add()
        switch result {
        case .unkept: log.warning("an effect's value is too large to be kept", ["id": id(delivery), "effect": name])
        case .lost: log.warning("the claim was lost during an effect", ["id": id(delivery), "effect": name])
        default: break
        }
    }

    func waiting(for step: String, because error: any Error) {
        guard let omitted = throttle.admit(at: clock.now) else { return }
        log.warning("waiting for the broker or the store", ["step": step, "error": "\(error)", "omitted": omitted])
    }

    func resumed(_ count: Int, of connection: String?) {
        log.info("parked events go on", ["count": count, "connection": connection])
    }

    private func count(_ outcome: String) { outcomes[outcome]?.add() }

    private func id(_ delivery: Delivery) -> String? { try? delivery.content.get().id }
}

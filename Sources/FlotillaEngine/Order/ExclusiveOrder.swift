// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel

/// Events of one partition key run one at a time, across all replicas. The first that comes to this process enters the lane in the store; those
/// that come meanwhile wait in line, and are run by the task that ran the one before them, in the same lane. Who comes while another
/// process is in it is sent away for a while, and with it all that wait here.
final class ExclusiveOrder: DeliveryOrder {
    private let pipeline: Pipeline
    private let work: LaneWork
    private let lines: Lines
    /// How long this process stays in a lane at a time: others guess by it how long it takes.
    static let stay = Duration.seconds(1)

    init(pipeline: Pipeline, work: LaneWork, prefetch: Int) {
        self.pipeline = pipeline
        self.work = work
        lines = Lines(prefetch: prefetch)
    }

    func run(_ delivery: Delivery) async {
        guard let place = work.place(of: delivery) else {
            await pipeline.run(delivery)
            return
        }
        switch lines.enter(place.lane, delivery, now: work.now) {
        case .goes: await walk(place.lane, from: delivery, place.key)
        case .waits: break
        case .away(let delay): await work.postpone(delivery, by: delay)
        case .closed: delivery.giveBack()
        }
    }

    func close() { for delivery in lines.close() { delivery.giveBack() } }

    func tend() async { await work.tend(lines) }

    /// All that stand in this line, one after the other.
    private func walk(_ lane: LaneKey, from first: Delivery, _ firstKey: LedgerKey) async {
        var next: (delivery: Delivery, key: LedgerKey)? = (first, firstKey)
        var entered = Duration.zero
        var mine: HeldLane?
        while let (delivery, key) = next {
            if mine != nil, work.now - entered < Self.stay, work.held.goOn(in: lane, with: key) != nil {
                // In the lane already.
            } else {
                mine = await enter(lane, key, delivery)
                guard mine != nil else { return }
                entered = work.now
            }
            await pipeline.run(delivery)
            next = lines.next(lane, now: work.now).flatMap { delivery in work.key(of: delivery).map { (delivery, $0) } }
        }
        // The line is at its end: whoever came since is in the lane under a turn of its own.
        if let mine, let held = work.held.release(lane, only: mine.turn) { await work.leave(LaneLeave(held)) }
    }

    /// Nil when it is not to be had: then nobody waits for it here any more.
    private func enter(_ lane: LaneKey, _ key: LedgerKey, _ delivery: Delivery) async -> HeldLane? {
        let leaving = work.held.release(lane).map { LaneLeave($0) }
        do {
            let request = work.request(lane, key, delivery, .exclusive)
            let answer = try await work.change(leaving: [leaving].compactMap(\.self), asking: [request]).first
            if case .entered(let held)? = answer { return held }
            guard case .busy(let heldFor)? = answer else { throw CancellationError() }
            await work.postpone(([delivery] + lines.dissolve(lane)).map { ($0, LanePause.busy(heldFor: heldFor)) })
        } catch {
            for waiting in [delivery] + lines.dissolve(lane) { waiting.giveBack() }
        }
        return nil
    }
}

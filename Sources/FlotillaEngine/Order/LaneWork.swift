// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime
internal import Synchronization

/// What a delivery of a partition key needs of the store and the broker. Made with a worker; waits for both, as the pipeline does.
struct LaneWork: Sendable {
    let lanes: any Lanes
    let steps: PipelineSteps
    let held: HeldLanes
    private let owner = Int64.random(in: Int64.min...Int64.max)
    private let turns = TurnCount()

    init(lanes: any Lanes, steps: PipelineSteps, held: HeldLanes) {
        self.lanes = lanes
        self.steps = steps
        self.held = held
    }

    var now: Duration { steps.clock.uptime }

    /// Nil for what has no partition key, and for what is no event.
    func place(of delivery: Delivery) -> (lane: LaneKey, key: LedgerKey)? {
        guard case .success(let event) = delivery.content, let text = event.partitionKey, !text.isEmpty,
            let lane = try? LaneKey(consumer: steps.queue, partitionKey: text), let key = try? steps.key(of: event)
        else { return nil }
        return (lane, key)
    }

    func key(of delivery: Delivery) -> LedgerKey? {
        guard case .success(let event) = delivery.content else { return nil }
        return try? steps.key(of: event)
    }

    func request(_ lane: LaneKey, _ key: LedgerKey, _ delivery: Delivery, _ kind: LaneRequest.Kind) -> LaneRequest {
        LaneRequest(lane: lane, key: key, generation: delivery.passage.generation, owner: owner, turn: turns.next(), kind: kind)
    }

    func change(leaving: [LaneLeave] = [], asking: [LaneRequest]) async throws -> [LaneAnswer] {
        let reply = try await steps.insisting("lane") { try await lanes.change(leaving: leaving, asking: asking) }
        if reply.forgotten > 0 { steps.watcher.forgot(tickets: reply.forgotten) }
        for case .entered(let lane) in reply.answers {
            if let request = asking.first(where: { $0.lane == lane.lane }) { held.hold(lane, for: request.key) }
        }
        return reply.answers
    }

    /// Whatever happens: a lane that a living process holds for nothing would keep its events waiting everywhere else.
    func leave(_ leave: LaneLeave) async {
        do {
            _ = try await lanes.change(leaving: [leave], asking: [])
        } catch {
            _ = try? await steps.insisting("lane") { try await lanes.change(leaving: [leave], asking: []) }
        }
    }

    /// Until it is cancelled: sends away who has waited in line for long. A broker does not let a delivery be held for any time.
    func tend(_ lines: Lines) async {
        while (try? await steps.sleeper.sleep(for: Lines.look)) != nil {
            await postpone(lines.overdue(now: now))
        }
    }

    /// Its copy comes later, and no attempt is spent. Given back where that can't be.
    func postpone(_ delivery: Delivery, by delay: Duration) async { await postpone([(delivery, delay)]) }

    /// One after the other. Where the copy of one is refused, those of the others would be, too: they are given back with it, after one
    /// pause for all.
    func postpone(_ deliveries: [(delivery: Delivery, delay: Duration)]) async {
        for (place, (delivery, delay)) in deliveries.enumerated() {
            do {
                try await steps.postpone(delivery, by: delay)
                steps.watcher.postponed(delivery, by: delay)
            } catch {
                for (left, _) in deliveries[place...] { left.giveBack() }
                return
            }
        }
    }
}

/// Numbers that no other process has, but by the rarest chance.
final class TurnCount: Sendable {
    private let count = Atomic(Int64.random(in: 0...Int64.max))

    func next() -> Int64 { count.wrappingAdd(1, ordering: .relaxed).newValue }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaRuntime
internal import Synchronization

/// Events of one partition key run one at a time and in the order of their first arrival, across all replicas, retries and crashes.
///
/// One task takes deliveries in their order, a second draws a ticket for each in the store, for all that have come at once: before anything
/// else, so that no later event gets a lower one. Then each has its assignment for the worker's lanes: it runs; it waits here in line
/// behind one that runs here; it lingers here while others that are ahead elsewhere get on, or is sent away when they do not; or it is parked,
/// because its lane is full and gets on no more.
/// When an event has run, the next of its line is asked for in the store, together with leaving: it goes on if it is the first now.
final class StrictOrder: DeliveryOrder {
    private enum Assignment: Sendable {
        case run(LaneKey, LedgerKey)
        /// With those that go with it.
        case away([(Delivery, Duration)])
        case park
        /// It is at an end already: the ledger tells.
        case ended
    }

    private struct State {
        var subscription: (any Subscription)?
        var assignments: [ObjectIdentifier: Assignment] = [:]
    }

    private let pipeline: Pipeline
    private let work: LaneWork
    private let lines: Lines
    private let limit: Int
    private let backlogLimit: Int
    private let patience: Duration
    private let arrivals = Arrivals()
    private let ready = Handover()
    private let state = Mutex(State())

    /// The name by which `flotilla park resume` finds what was parked for want of a place.
    static let parkName = "lane-full"

    /// - Parameter patience: for how long a lane that is full may not get on until what comes is parked.
    init(pipeline: Pipeline, work: LaneWork, prefetch: Int, limit: Int, patience: Duration) {
        self.pipeline = pipeline
        self.work = work
        self.limit = limit
        self.patience = patience
        backlogLimit = max(1, prefetch / 4)
        lines = Lines(prefetch: prefetch)
    }

    // MARK: Arriving

    func source(_ subscription: any Subscription) -> any Subscription {
        state.withLock { $0.subscription = subscription }
        return Source(ready: ready, subscription: subscription)
    }

    func work() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.take() }
            group.addTask { await self.draw() }
        }
        // Who was given a lane and was not run any more; and who was to be sent away with another one.
        let left = state.withLock { state in
            defer { state.assignments = [:] }
            return Array(state.assignments.values)
        }
        for assignment in left {
            switch assignment {
            case .run(let lane, _): if let held = work.held.release(lane) { await work.leave(LaneLeave(held)) }
            case .away(let all): for (delivery, _) in all.dropFirst() { delivery.giveBack() }
            case .park, .ended: break
            }
        }
    }

    func close() {
        for delivery in arrivals.end() + lines.close() + ready.end() { delivery.giveBack() }
    }

    func tend() async { await work.tend(lines) }

    private func take() async {
        let subscription = state.withLock { $0.subscription }
        while let delivery = try? await subscription?.next() {
            if work.place(of: delivery) == nil { ready.accept([delivery]) } else { arrivals.put(delivery) }
        }
        for delivery in arrivals.end() { delivery.giveBack() }
    }

    private func draw() async {
        var backlog = Backlog(limit: backlogLimit, patience: patience)
        while true {
            let fresh = backlog.isEmpty ? await arrivals.take() : arrivals.takeNow()
            guard let fresh, !arrivals.isEnded else {
                for delivery in backlog.removeAll() + (fresh ?? []) { delivery.giveBack() }
                break
            }
            await assign(fresh, &backlog)
            // Its end is noticed at the next look.
            if backlog.isWaiting { try? await work.steps.sleeper.sleep(for: Backlog.pause) }
        }
        for delivery in ready.end() { delivery.giveBack() }
    }

    /// Those that have to wait are kept in the backlog, in their order.
    private func assign(_ fresh: [Delivery], _ backlog: inout Backlog) async {
        var questions: [(delivery: Delivery, request: LaneRequest, wasActive: Bool)] = []
        var asked: Set<LaneKey> = []
        let turn = backlog.take(now: work.now, fresh: Set(fresh.compactMap { work.place(of: $0)?.lane }))
        func ask(for delivery: Delivery, _ lane: LaneKey, _ key: LedgerKey) {
            // Only the first of a lane may enter, and only while nobody of its lane runs here.
            let isActive = lines.isActive(lane)
            let enters = asked.insert(lane).inserted && !isActive
            let limit = turn.open.contains(lane) ? Int.max : limit
            let kind = enters ? LaneRequest.Kind.strict(limit: limit) : .ticket(limit: limit)
            questions.append((delivery, work.request(lane, key, delivery, kind), isActive))
        }
        for delivery in turn.asked + fresh {
            if let place = work.place(of: delivery) { ask(for: delivery, place.lane, place.key) }
        }
        guard !questions.isEmpty else { return }
        let answers: [LaneAnswer]
        do { answers = try await work.change(asking: questions.map(\.request)) } catch {
            for question in questions { question.delivery.giveBack() }
            return
        }
        // The first of these lanes is here, and runs before it could come back from anywhere.
        var near = Set(zip(questions, answers).compactMap { $1.isFirst ? $0.request.lane : nil })
        // Or somebody has not left it yet.
        for case (let question, .busy) in zip(questions, answers) { near.remove(question.request.lane) }
        for (question, answer) in zip(questions, answers) {
            let (delivery, lane) = (question.delivery, question.request.lane)
            switch answer {
            case .entered:
                _ = lines.enter(lane, delivery, now: work.now)
                backlog.gather(lane)
                hand(delivery, .run(lane, question.request.key))
            case .ended:
                hand(delivery, .ended)
            case .busy(let heldFor):
                // It is the first, and whoever was it before may only be leaving.
                let front = backlog.look(at: lane, first: .min, now: work.now)
                if !isBrief(heldFor) || !front.getsOn(work.now) || !backlog.linger(delivery, of: lane, number: .min, now: work.now) {
                    sendAway([delivery] + backlog.release(lane), LanePause.busy(heldFor: heldFor))
                }
            case .behind(let number, let ahead, let due):
                let pause = LanePause.behind(ahead: ahead, due: due, now: work.steps.clock.now)
                switch lines.join(lane, delivery, number: number, now: work.now) {
                // Whoever ran here has just ended.
                case nil where question.wasActive || near.contains(lane): backlog.askAgain(delivery, of: lane, number: number)
                case nil:
                    let front = backlog.look(at: lane, first: number - ahead, now: work.now)
                    if isLater(due) || !front.getsOn(work.now) {
                        sendAway([delivery] + backlog.release(lane), pause)
                    } else {
                        let lingers = number <= front.reach && backlog.linger(delivery, of: lane, number: number, now: work.now)
                        sendAway((lingers ? [] : [delivery]) + backlog.release(lane, beyond: front.reach), pause)
                    }
                case .away(let delay): sendAway([delivery], max(delay, pause))
                case .closed: delivery.giveBack()
                case .goes, .waits: break
                }
            case .full(let first):
                if !backlog.stall(delivery, of: lane, first: first, now: work.now) { hand(delivery, .park) }
            }
        }
    }

    /// Whoever is in a lane for so short a time may leave it at any moment.
    private func isBrief(_ heldFor: Duration) -> Bool { heldFor < Backlog.moment }

    private func isLater(_ due: Timestamp?) -> Bool { due.map { $0 > work.steps.clock.now } ?? false }

    private func sendAway(_ deliveries: [Delivery], _ pause: Duration) {
        guard let first = deliveries.first else { return }
        hand(first, .away(LanePause.after(pause, deliveries)))
    }

    private func hand(_ delivery: Delivery, _ assignment: Assignment) {
        state.withLock { $0.assignments[ObjectIdentifier(delivery)] = assignment }
        ready.accept([delivery])
    }

    // MARK: Running

    func run(_ delivery: Delivery) async {
        switch state.withLock({ $0.assignments.removeValue(forKey: ObjectIdentifier(delivery)) }) {
        case nil:
            // Its assignment went when the worker ended: it has no lane.
            if work.place(of: delivery) == nil { await pipeline.run(delivery) } else { delivery.giveBack() }
        case .ended: await pipeline.run(delivery)
        case .run(let lane, let key): await walk(lane, from: delivery, key)
        case .away(let all): await work.postpone(all)
        case .park:
            await pipeline.park(delivery, in: Self.parkName, because: "lane-full: \(limit) events of its partition key are before it")
        }
    }

    /// The event that is first in its lane, and those that are first after it.
    private func walk(_ lane: LaneKey, from first: Delivery, _ firstKey: LedgerKey) async {
        var (delivery, key) = (first, firstKey)
        while true {
            let settlement = await pipeline.run(delivery)
            let now = work.steps.clock.now
            var due: Timestamp?
            if case .retry(let delay, _, _)? = settlement { due = now + delay }
            let leave = work.held.release(lane).map { LaneLeave($0, ticket: key, due: due) }
            guard let next = await next(in: lane, leaving: leave) else { return }
            (delivery, key) = next
        }
    }

    /// Who runs now in this lane; nil when it is somebody elsewhere, or nobody.
    private func next(in lane: LaneKey, leaving: LaneLeave?) async -> (Delivery, LedgerKey)? {
        var leaving = leaving
        while let delivery = lines.next(lane, now: work.now) {
            guard let key = work.key(of: delivery) else { continue }
            let answer: LaneAnswer?
            do {
                let request = work.request(lane, key, delivery, .strict(limit: limit))
                answer = try await work.change(leaving: [leaving].compactMap(\.self), asking: [request]).first
            } catch {
                for waiting in [delivery] + lines.dissolve(lane) { waiting.giveBack() }
                return nil
            }
            leaving = nil
            switch answer {
            case .entered: return (delivery, key)
            case .ended, nil: await pipeline.run(delivery)
            case .busy(let heldFor) where !isBrief(heldFor): return await sendAway(delivery, lane, LanePause.busy(heldFor: heldFor))
            case .behind(_, let ahead, let due) where isLater(due):
                return await sendAway(delivery, lane, LanePause.behind(ahead: ahead, due: due, now: work.steps.clock.now))
            case .busy, .behind:
                // The first is elsewhere: whether they linger or are sent away is found where tickets are drawn.
                for waiting in [delivery] + lines.dissolve(lane) { arrivals.put(waiting) }
                return nil
            case .full: return await sendAway(delivery, lane, LanePause.longest)
            }
        }
        if let leaving { await work.leave(leaving) }
        return nil
    }

    private func sendAway(_ delivery: Delivery, _ lane: LaneKey, _ delay: Duration) async -> (Delivery, LedgerKey)? {
        await work.postpone(LanePause.after(delay, [delivery] + lines.dissolve(lane)))
        return nil
    }

    /// What has its assignment.
    private struct Source: Subscription {
        let ready: Handover
        let subscription: any Subscription

        func next() async throws -> Delivery? {
            await ready.next { for delivery in ready.end() { delivery.giveBack() } }
        }

        func cancel() async { await subscription.cancel() }
    }
}

extension LaneAnswer {
    fileprivate var isFirst: Bool {
        switch self {
        case .entered, .behind(_, ahead: 0, _): true
        default: false
        }
    }
}

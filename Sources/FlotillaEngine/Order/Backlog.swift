// SPDX-License-Identifier: Apache-2.0

/// Deliveries of strict lanes that have come and wait to be asked for in the store, in their order: held, because the line of their lane is full
/// and gets on quickly; stalled, because the lane has no more tickets; or because they are to be asked for again. Whoever stalls is parked
/// when the first event of its lane has been the same for a while. Kept by whoever draws the tickets of one worker; as many as are prefetched.
struct Backlog {
    private struct Waiting {
        let delivery: Delivery
        let lane: LaneKey
    }

    /// What is asked for now.
    struct Turn {
        /// Whatever room there is.
        var asked: [Delivery] = []
        /// If there is room in their line.
        var held: [Delivery] = []
        /// Of these lanes all are asked for.
        var lanes: Set<LaneKey> = []
    }

    /// What may be held or stall, of all keys together: past it others would find no room in the prefetch.
    let limit: Int
    private var again: [Waiting] = []
    private var held: [Waiting] = []
    private var stalled: [Waiting] = []
    private var nextQuestion = Duration.zero
    private var firsts: [LaneKey: (first: LedgerKey, since: Duration)] = [:]

    static let patience = Duration.seconds(5)
    static let pause = Duration.milliseconds(20)
    /// Between two questions of those that stall.
    static let interval = Duration.milliseconds(200)
    private static let memory = 4096

    init(limit: Int) {
        self.limit = limit
    }

    var isFull: Bool { held.count + stalled.count >= limit }
    var isEmpty: Bool { again.isEmpty && held.isEmpty && stalled.isEmpty }
    /// Nothing of it can be asked for at once.
    var isWaiting: Bool { again.isEmpty && !isEmpty }

    mutating func removeAll() -> [Delivery] {
        defer { self = Backlog(limit: limit) }
        return (stalled + again + held).map(\.delivery)
    }

    /// Those that stall are asked for after a while, or when something has come to their lane: it may be the event that they wait for. If it is
    /// not, it must not get a place before them, nor before those that are held behind them.
    mutating func take(now: Duration, fresh: Set<LaneKey>) -> Turn {
        let stalls = Set(stalled.map(\.lane))
        var turn = Turn()
        turn.lanes = now >= nextQuestion ? stalls : stalls.intersection(fresh)
        turn.asked = (stalled + held).filter { turn.lanes.contains($0.lane) }.map(\.delivery) + again.map(\.delivery)
        turn.held = held.filter { !stalls.contains($0.lane) }.map(\.delivery)
        stalled.removeAll { turn.lanes.contains($0.lane) }
        held.removeAll { turn.lanes.contains($0.lane) || !stalls.contains($0.lane) }
        again = []
        return turn
    }

    mutating func hold(_ delivery: Delivery, of lane: LaneKey) { held.append(Waiting(delivery: delivery, lane: lane)) }

    mutating func askAgain(_ delivery: Delivery, of lane: LaneKey) { again.append(Waiting(delivery: delivery, lane: lane)) }

    /// False when it is to be parked.
    mutating func stall(_ delivery: Delivery, of lane: LaneKey, first: LedgerKey, now: Duration) -> Bool {
        if let known = firsts[lane], known.first == first {
            guard now - known.since < Self.patience else { return false }
        } else {
            // Keys come from outside.
            if firsts.count >= Self.memory { firsts = [:] }
            firsts[lane] = (first, now)
        }
        guard stalled.count < limit else { return false }
        if stalled.isEmpty { nextQuestion = now + Self.interval }
        stalled.append(Waiting(delivery: delivery, lane: lane))
        return true
    }
}

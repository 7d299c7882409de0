// SPDX-License-Identifier: Apache-2.0

/// Deliveries of strict lanes that have come and wait to be asked for in the store, in their order: held, because the line of their lane is full
/// and gets on quickly; stalled, because the lane has no more tickets; or because they are to be asked for again, with the tickets that they
/// have. Kept by whoever draws the tickets of one worker; never more than are prefetched.
///
/// Whoever stalls is parked when the first event of its lane has been the same for a while. Those of a lane that gets on are not: where more of
/// them stall than leaves room for other keys, they have tickets past the limit, and can be sent away without losing their places.
struct Backlog {
    private struct Waiting {
        let delivery: Delivery
        let lane: LaneKey
        /// Of its ticket, if it has one.
        var number: Int64 = 0
    }

    /// What was seen of a lane that has no more tickets.
    private struct Sight {
        var first: LedgerKey
        /// Since when it has been the first.
        var since: Duration
        var last: Duration
        /// Whether another one was the first a moment before.
        var getsOn = false
    }

    /// What is asked for now.
    struct Turn {
        /// Whatever room there is.
        var asked: [Delivery] = []
        /// If there is room in their line.
        var held: [Delivery] = []
        /// Of these lanes all are asked for.
        var lanes: Set<LaneKey> = []
        /// Of these lanes all get tickets, however many there are.
        var open: Set<LaneKey> = []
    }

    /// What may be held or stall, of all keys together: past it others would find no room in the prefetch.
    let limit: Int
    /// How long the first event of a lane may be the same, until those that stall are parked.
    let patience: Duration
    private var again: [Waiting] = []
    private var held: [Waiting] = []
    private var stalled: [Waiting] = []
    private var open: Set<LaneKey> = []
    private var nextQuestion = Duration.zero
    private var sights: [LaneKey: Sight] = [:]

    /// For how long a lane is thought to get on of which nobody has seen it.
    static let doubt = Duration.seconds(5)
    static let pause = Duration.milliseconds(20)
    /// Between two questions of those that stall.
    static let interval = Duration.milliseconds(200)
    private static let memory = 4096

    init(limit: Int, patience: Duration) {
        self.limit = limit
        self.patience = patience
    }

    var isFull: Bool { held.count + stalled.count >= limit }
    var isEmpty: Bool { again.isEmpty && held.isEmpty && stalled.isEmpty }
    /// Nothing of it can be asked for at once.
    var isWaiting: Bool { again.isEmpty && open.isEmpty && !isEmpty }

    mutating func removeAll() -> [Delivery] {
        defer { self = Backlog(limit: limit, patience: patience) }
        return (stalled + again + held).map(\.delivery)
    }

    /// Those that stall are asked for after a while, or when something has come to their lane: it may be the event that they wait for. If it is
    /// not, it must not get a place before them, nor before those that are held behind them. Before all of them those with tickets: only the
    /// first of a lane that is asked for may enter.
    mutating func take(now: Duration, fresh: Set<LaneKey>) -> Turn {
        let stalls = Set(stalled.map(\.lane))
        var turn = Turn()
        turn.open = open
        turn.lanes = now >= nextQuestion ? stalls : stalls.intersection(fresh.union(open))
        turn.asked = again.sorted { $0.number < $1.number }.map(\.delivery)
        turn.asked += (stalled + held).filter { turn.lanes.contains($0.lane) }.map(\.delivery)
        turn.held = held.filter { !stalls.contains($0.lane) }.map(\.delivery)
        stalled.removeAll { turn.lanes.contains($0.lane) }
        held.removeAll { turn.lanes.contains($0.lane) || !stalls.contains($0.lane) }
        (again, open) = ([], [])
        return turn
    }

    mutating func hold(_ delivery: Delivery, of lane: LaneKey) { held.append(Waiting(delivery: delivery, lane: lane)) }

    mutating func askAgain(_ delivery: Delivery, of lane: LaneKey, number: Int64) {
        again.append(Waiting(delivery: delivery, lane: lane, number: number))
    }

    /// False when it is to be parked.
    mutating func stall(_ delivery: Delivery, of lane: LaneKey, first: LedgerKey, now: Duration) -> Bool {
        let sight = look(at: lane, first: first, now: now)
        guard now - sight.since < patience else { return false }
        if stalled.count >= limit {
            // The first one may be on its way: it comes behind all that stand in the queue, and needs room here.
            guard sight.getsOn || now - sight.since < Self.doubt else { return false }
            open.insert(lane)
        }
        if stalled.isEmpty { nextQuestion = now + Self.interval }
        stalled.append(Waiting(delivery: delivery, lane: lane))
        return true
    }

    private mutating func look(at lane: LaneKey, first: LedgerKey, now: Duration) -> Sight {
        // Keys come from outside.
        if sights[lane] == nil, sights.count >= Self.memory { sights = [:] }
        var sight = sights[lane] ?? Sight(first: first, since: now, last: now)
        if sight.first != first { sight = Sight(first: first, since: now, last: now, getsOn: now - sight.last < Self.doubt) }
        sight.last = now
        sights[lane] = sight
        return sight
    }
}

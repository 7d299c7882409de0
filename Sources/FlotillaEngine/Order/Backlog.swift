// SPDX-License-Identifier: Apache-2.0

/// Deliveries of strict lanes that have come and wait to be asked for in the store, in their order: lingering, because the first of their lane is
/// elsewhere; stalled, because the lane has no more tickets; or because they are to be asked for again, with the tickets that they have. Kept
/// by whoever draws the tickets of one worker; never more than are prefetched.
///
/// Whoever lingers is sent away when the first event of its lane has been the same for a moment: it may stand in the queue, and need the room;
/// or when its turn would not come before long. Not before, for whoever is sent away comes back behind all that stand in the queue, and the
/// whole lane waits for it.
///
/// Whoever stalls is parked when the first event of its lane has been the same for a while. Those of a lane that gets on are not: where more of
/// them stall than leaves room for other keys, they have tickets past the limit, and can be sent away without losing their places.
struct Backlog {
    private struct Waiting {
        let delivery: Delivery
        let lane: LaneKey
        /// Of its ticket, if it has one.
        var number: Int64 = 0
        /// Since when it lingers.
        var since: Duration?
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

    /// Where a lane is that has its first event elsewhere.
    struct Front {
        fileprivate(set) var number: Int64
        /// Since when it has been the first.
        fileprivate var since: Duration
        fileprivate var last: Duration
        /// What one takes, about.
        fileprivate var pace = Duration.zero
        /// Between two questions; more while nothing happens.
        fileprivate var turns = 1
        /// Until the next one.
        fileprivate var left = 1

        func getsOn(_ now: Duration) -> Bool { now - since < Backlog.moment }

        /// The last number whose turn comes before long.
        var reach: Int64 {
            pace <= .zero || number < 0 ? .max : number.addingReportingOverflow(Int64(min(Lines.before / pace, 1e9))).partialValue
        }

        fileprivate mutating func moved(to first: Int64, now: Duration) {
            // What took no part of a turn of ours says nothing.
            if first > number, number > 0 {
                let took = (now - since) / Double(first - number)
                pace = pace == .zero ? took : (pace * 3 + took) / 4
            }
            (number, since, turns) = (first, now, 1)
        }
    }

    /// What is asked for now.
    struct Turn {
        var asked: [Delivery] = []
        /// Of these lanes all get tickets, however many there are.
        var open: Set<LaneKey> = []
    }

    /// What may stall, of all keys together: past it others would find no room in the prefetch.
    let limit: Int
    /// How long the first event of a lane may be the same, until those that stall are parked.
    let patience: Duration
    private var again: [Waiting] = []
    private var lingering: [LaneKey: [Waiting]] = [:]
    private var stalled: [Waiting] = []
    private var open: Set<LaneKey> = []
    private var nextQuestion = Duration.zero
    private var sights: [LaneKey: Sight] = [:]
    private var fronts: [LaneKey: Front] = [:]
    /// Those that lingered and are asked for now, with the time since when.
    private var lingered: [ObjectIdentifier: Duration] = [:]

    /// For how long a lane is thought to get on of which nobody has seen it.
    static let doubt = Duration.seconds(5)
    static let pause = Duration.milliseconds(20)
    /// How long the first event of a lane may be the same elsewhere, until those behind it are sent away.
    static let moment = Duration.seconds(2)
    /// Between two questions of those that stall.
    static let interval = Duration.milliseconds(200)
    /// Between two questions of those that linger; one takes `pause` where nothing else comes.
    private static let mostTurns = 10
    private static let memory = 4096

    init(limit: Int, patience: Duration) {
        self.limit = limit
        self.patience = patience
    }

    var isEmpty: Bool { again.isEmpty && lingering.isEmpty && stalled.isEmpty }
    /// Nothing of it needs to be asked for at once.
    var isWaiting: Bool { again.isEmpty && open.isEmpty && !isEmpty }

    mutating func removeAll() -> [Delivery] {
        defer { self = Backlog(limit: limit, patience: patience) }
        return (stalled + again + lingering.values.joined()).map(\.delivery)
    }

    /// Those that stall are asked for after a while, or when something has come to their lane: it may be the event that they wait for. If it is
    /// not, it must not get a place before them. Before all of them those with tickets: only the first of a lane that is asked for may enter;
    /// of those that linger it alone is asked for.
    mutating func take(now: Duration, fresh: Set<LaneKey>) -> Turn {
        let stalls = Set(stalled.map(\.lane))
        var turn = Turn()
        turn.open = open
        let lanes = now >= nextQuestion ? stalls : stalls.intersection(fresh.union(open))
        for lane in Array(lingering.keys) {
            fronts[lane]?.left -= 1
            if let front = fronts[lane], front.left > 0 { continue }
            guard let first = lingering[lane]?.enumerated().min(by: { $0.element.number < $1.element.number }) else { continue }
            lingering[lane]?.remove(at: first.offset)
            if lingering[lane]?.isEmpty ?? true { lingering[lane] = nil }
            again.append(first.element)
        }
        lingered = [:]
        for waiting in again { lingered[ObjectIdentifier(waiting.delivery)] = waiting.since }
        turn.asked = again.sorted { $0.number < $1.number }.map(\.delivery)
        turn.asked += stalled.filter { lanes.contains($0.lane) }.map(\.delivery)
        stalled.removeAll { lanes.contains($0.lane) }
        (again, open) = ([], [])
        return turn
    }

    /// What is known of a lane whose first event is elsewhere. One that was not seen for a while is a new one: numbers begin again.
    /// - Parameter first: the number of its ticket.
    mutating func look(at lane: LaneKey, first: Int64, now: Duration) -> Front {
        // Keys come from outside.
        if fronts[lane] == nil, fronts.count >= Self.memory { fronts = [:] }
        var front = fronts[lane].flatMap { now - $0.last > Self.moment ? nil : $0 } ?? Front(number: first, since: now, last: now)
        if front.number != first {
            front.moved(to: first, now: now)
        } else if front.left <= 0 {
            front.turns = min(front.turns + 1, Self.mostTurns)
        }
        front.left = front.turns
        front.last = now
        fronts[lane] = front
        return front
    }

    /// False when it has lingered for as long as anybody waits in a line.
    mutating func linger(_ delivery: Delivery, of lane: LaneKey, number: Int64, now: Duration) -> Bool {
        let since = lingered[ObjectIdentifier(delivery)] ?? now
        guard now - since < Lines.patience else { return false }
        lingering[lane, default: []].append(Waiting(delivery: delivery, lane: lane, number: number, since: since))
        return true
    }

    /// Who lingers in this lane, and does no longer; by their numbers.
    /// - Parameter reach: those up to this number stay; nil: nobody.
    mutating func release(_ lane: LaneKey, beyond reach: Int64? = nil) -> [Delivery] {
        let all = (lingering.removeValue(forKey: lane) ?? []).sorted { $0.number < $1.number }
        let kept = all.prefix { waiting in reach.map { waiting.number <= $0 } ?? false }
        if !kept.isEmpty { lingering[lane] = Array(kept) }
        return all.dropFirst(kept.count).map(\.delivery)
    }

    /// The first one is here: they are asked for with the next ones, and wait in its line.
    mutating func gather(_ lane: LaneKey) { again += lingering.removeValue(forKey: lane) ?? [] }

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

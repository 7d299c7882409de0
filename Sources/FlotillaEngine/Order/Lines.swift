// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Where deliveries of one process wait while another one of their partition key runs: a line for each key, made by the first, gone with the
/// last. Whoever waits here takes no handler's place, only room of the prefetch. A line that gets on quickly has all the room there is: to send
/// an event away costs more than it takes to run, and it comes back behind all that stand in the queue. Slow ones have a limit, each and all
/// of them together: what finds no room there, or stands beyond it when a line becomes slow, is sent away for about as long as the line takes.
final class Lines: Sendable {
    enum Entrance {
        /// Nobody of its key runs here: it goes on, and `next` follows.
        case goes
        case waits
        case away(Duration)
        /// Nobody runs anything any more.
        case closed
    }

    private struct Waiting {
        let number: Int64
        let delivery: Delivery
        /// On the clock's `uptime`.
        let since: Duration
    }

    private struct Line {
        /// By their numbers.
        var waiting: [Waiting] = []
        /// False for a line that is only remembered for what it has sent away.
        var isActive = true
        /// When the one that runs began, on the clock's `uptime`.
        var began: Duration
        /// How long one takes, about.
        var pace = Duration.zero
        /// When all that was sent away could have run.
        var horizon = Duration.zero

        /// Whether the last one will have run before long.
        func isQuick(_ now: Duration) -> Bool {
            now - began <= Lines.moment && pace * Double(waiting.count + 1) <= Lines.before
        }

        /// How many may go on waiting: twice what is let in, so that a line at its limit does not send away half of what it has.
        func room(_ now: Duration) -> Int {
            guard now - began <= Lines.moment else { return 0 }
            return pace <= .zero ? .max : Int(min(Lines.before / pace * 2, 1e9))
        }
    }

    private struct State {
        var lines: [LaneKey: Line] = [:]
        var waiting = 0
        var count: Int64 = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let lineLimit: Int
    private let limit: Int
    static let memory = 4096
    /// Of a line that gets on quickly: what the one that runs may take, and in what time all who wait have run, about.
    static let moment = Duration.seconds(1)
    static let before = Duration.seconds(5)
    /// How long anybody waits in line.
    static let patience = Duration.seconds(120)
    /// Between two looks at who has waited for so long, or stands beyond the limit of a line that is slow by now.
    static let look = Duration.milliseconds(500)

    /// - Parameter prefetch: of which half is left for those whose key is free.
    init(prefetch: Int) {
        lineLimit = max(1, prefetch / 4)
        limit = max(1, prefetch / 2)
    }

    /// Keys of which anything is known here.
    var remembered: Int { state.withLock { $0.lines.count } }

    func isActive(_ lane: LaneKey) -> Bool { state.withLock { $0.lines[lane]?.isActive ?? false } }

    func enter(_ lane: LaneKey, _ delivery: Delivery, now: Duration) -> Entrance {
        state.withLock { state in
            if let joined = join(lane, delivery, number: nil, now: now, &state) { return joined }
            begin(lane, now: now, &state)
            return .goes
        }
    }

    /// Behind one that runs; nil when nobody of its key runs here.
    /// - Parameter number: its place, lower ones first.
    func join(_ lane: LaneKey, _ delivery: Delivery, number: Int64, now: Duration) -> Entrance? {
        state.withLock { join(lane, delivery, number: number, now: now, &$0) }
    }

    private func join(_ lane: LaneKey, _ delivery: Delivery, number: Int64?, now: Duration, _ state: inout State) -> Entrance? {
        guard !state.isClosed else { return .closed }
        guard var line = state.lines[lane], line.isActive else { return nil }
        defer { state.lines[lane] = line }
        guard line.isQuick(now) || line.waiting.count < lineLimit && state.waiting < limit else {
            line.horizon = max(line.horizon, now + line.pace * Double(line.waiting.count)) + line.pace
            // One that is stuck may take as long again as it has taken by now.
            return .away(min(max(line.horizon - now, now - line.began, LanePause.shortest), LanePause.longest))
        }
        state.count += 1
        let entry = Waiting(number: number ?? state.count, delivery: delivery, since: now)
        let place = line.waiting.lastIndex { $0.number <= entry.number }.map { $0 + 1 } ?? 0
        line.waiting.insert(entry, at: place)
        state.waiting += 1
        return .waits
    }

    /// The one that ran has ended. Answers who runs now; nil when the line is at its end.
    func next(_ lane: LaneKey, now: Duration) -> Delivery? {
        state.withLock { state in
            guard var line = state.lines[lane], line.isActive else { return nil }
            line.pace = line.pace == .zero ? now - line.began : (line.pace * 3 + (now - line.began)) / 4
            guard !line.waiting.isEmpty else {
                line.isActive = false
                state.lines[lane] = line.horizon > now ? line : nil
                return nil
            }
            line.began = now
            state.waiting -= 1
            defer { state.lines[lane] = line }
            return line.waiting.removeFirst().delivery
        }
    }

    /// The line ends, whoever waits in it.
    func dissolve(_ lane: LaneKey) -> [Delivery] {
        state.withLock { state in
            let waiting = state.lines.removeValue(forKey: lane)?.waiting ?? []
            state.waiting -= waiting.count
            return waiting.map(\.delivery)
        }
    }

    /// Those who have waited for too long, and the last ones of lines that are slow: they no longer wait. With the time for which each is
    /// sent away.
    func overdue(now: Duration) -> [(Delivery, Duration)] {
        state.withLock { state in
            var found: [(Delivery, Duration)] = []
            for (lane, line) in state.lines where !line.waiting.isEmpty {
                let kept = line.waiting.filter { now - $0.since < Self.patience }.prefix(max(lineLimit, line.room(now)))
                guard kept.count < line.waiting.count else { continue }
                let stays = Set(kept.map { ObjectIdentifier($0.delivery) })
                let gone = line.waiting.filter { !stays.contains(ObjectIdentifier($0.delivery)) }
                state.lines[lane]?.waiting = Array(kept)
                state.waiting -= gone.count
                found += gone.map { ($0.delivery, min(max(line.pace, now - line.began), LanePause.longest)) }
            }
            return found
        }
    }

    /// From now on nobody waits. Answers who did.
    func close() -> [Delivery] {
        state.withLock { state in
            state.isClosed = true
            var waiting: [Waiting] = []
            for lane in state.lines.keys {
                waiting += state.lines[lane]?.waiting ?? []
                state.lines[lane]?.waiting = []
            }
            state.waiting = 0
            return waiting.map(\.delivery)
        }
    }

    private func begin(_ lane: LaneKey, now: Duration, _ state: inout State) {
        if var line = state.lines[lane] {
            (line.isActive, line.began) = (true, now)
            state.lines[lane] = line
            return
        }
        // Keys come from outside: what is only remembered is bounded.
        if state.lines.count >= Self.memory { state.lines = state.lines.filter { $0.value.isActive || $0.value.horizon > now } }
        if state.lines.count >= 2 * Self.memory { state.lines = state.lines.filter(\.value.isActive) }
        state.lines[lane] = Line(began: now)
    }
}

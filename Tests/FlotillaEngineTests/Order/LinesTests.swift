// SPDX-License-Identifier: Apache-2.0

import FlotillaModel
import Testing

@testable import FlotillaEngine

struct LinesTests {
    private final class Nowhere: DeliverySource {
        func settle(_ delivery: Delivery, _ verdict: DeliveryVerdict) {}
    }

    fileprivate static func delivery(_ number: Int) throws -> Delivery {
        Delivery(
            queue: "q", content: .success(try event("\(number)")), passage: Passage(), accepted: nil, tag: Int64(number), source: Nowhere())
    }

    fileprivate static func lane(_ name: String = "k") throws -> LaneKey { try LaneKey(consumer: "q", partitionKey: name) }

    @Test func `the first of a key goes, others wait in their order, and the line is gone with the last`() throws {
        let lines = Lines(prefetch: 64)
        let lane = try Self.lane()
        guard case .goes = lines.enter(lane, try Self.delivery(0), now: .zero) else { throw Unexpected() }
        for number in 1...3 {
            guard case .waits = lines.enter(lane, try Self.delivery(number), now: .zero) else { throw Unexpected() }
        }
        guard case .goes = lines.enter(try Self.lane("l"), try Self.delivery(9), now: .zero) else { throw Unexpected() }
        #expect((1...3).map { _ in lines.next(lane, now: .zero)?.tag } == [1, 2, 3])
        #expect(lines.isActive(lane) && lines.next(lane, now: .zero) == nil && !lines.isActive(lane))
        guard case .goes = lines.enter(lane, try Self.delivery(4), now: .zero) else { throw Unexpected() }
    }

    @Test func `with numbers the lowest is next, whenever it came`() throws {
        let lines = Lines(prefetch: 64)
        let lane = try Self.lane()
        #expect(lines.join(lane, try Self.delivery(0), number: 1, now: .zero) == nil)
        _ = lines.enter(lane, try Self.delivery(0), now: .zero)
        for number in [7, 3, 9, 3, 5] {
            guard case .waits? = lines.join(lane, try Self.delivery(number), number: Int64(number), now: .zero) else { throw Unexpected() }
        }
        #expect((1...5).map { _ in lines.next(lane, now: .zero)?.tag } == [3, 3, 5, 7, 9])
    }

    @Test func `a slow line takes a quarter of the prefetch, all of them half; others are sent away for as long as the line takes`() throws
    {
        let lines = Lines(prefetch: 16)
        func enter(_ name: String, _ now: Duration) throws -> Duration? {
            switch lines.enter(try Self.lane(name), try Self.delivery(0), now: now) {
            case .goes, .waits: return nil
            case .away(let delay): return delay
            case .closed: throw Unexpected()
            }
        }
        for name in ["a", "b", "c", "d"] { #expect(try enter(name, .zero) == nil) }
        for _ in 0..<4 { #expect(try enter("a", .seconds(2)) == nil) }
        // The first takes two seconds by now, and may take as long again.
        for _ in 0..<2 { #expect(try enter("a", .seconds(2)) == .seconds(2)) }
        #expect(lines.next(try Self.lane("a"), now: .seconds(2)) != nil)
        #expect(try enter("a", .seconds(2)) == nil)
        // Each of the five before it may take two seconds.
        #expect(try enter("a", .seconds(2)) == .seconds(10))
        #expect(try enter("a", .seconds(2)) == .seconds(12))
        for _ in 0..<4 { #expect(try enter("b", .seconds(2)) == nil) }
        #expect(try enter("c", .seconds(2)) == .seconds(2))
        #expect(try enter("a", .seconds(1000)) == LanePause.longest)
    }

    @Test
    func `a line that gets on quickly takes whatever comes; when it becomes slow, those beyond the limit are sent away, the last ones`()
        throws
    {
        let lines = Lines(prefetch: 16)
        let lane = try Self.lane()
        let all = try (0..<40).map { try Self.delivery($0) }
        guard case .goes = lines.enter(lane, all[0], now: .zero) else { throw Unexpected() }
        for delivery in all[1...] { guard case .waits = lines.enter(lane, delivery, now: .seconds(1)) else { throw Unexpected() } }
        #expect(lines.overdue(now: .seconds(1)).isEmpty)
        let gone = lines.overdue(now: .seconds(1.5))
        #expect(gone.map(\.0.tag) == (5..<40).map(Int64.init) && gone.allSatisfy { $0.1 == .seconds(1.5) })
        #expect(lines.overdue(now: .seconds(1.5)).isEmpty)
        #expect((1...4).map { _ in lines.next(lane, now: .seconds(2))?.tag } == [1, 2, 3, 4])
        #expect(lines.next(lane, now: .seconds(2)) == nil)
    }

    @Test func `a line is quick by how long the one that runs has been at it, and by when the last one will have run`() throws {
        let lines = Lines(prefetch: 4)
        let lane = try Self.lane()
        func waits(_ now: Duration) throws -> Bool {
            if case .waits = lines.enter(lane, try Self.delivery(0), now: now) { true } else { false }
        }
        _ = lines.enter(lane, try Self.delivery(0), now: .zero)
        for _ in 0..<2 { #expect(try waits(.zero)) }
        #expect(try !waits(.seconds(1.1)))
        // It took a second: five of these are before long.
        _ = lines.next(lane, now: .seconds(1))
        for _ in 0..<4 { #expect(try waits(.seconds(1))) }
        #expect(try !waits(.seconds(1)))
        // Then 200 ms: 800, about.
        _ = lines.next(lane, now: .seconds(1.2))
        for _ in 0..<2 { #expect(try waits(.seconds(1.2))) }
        #expect(try !waits(.seconds(1.2)))
    }

    @Test func `nobody waits for longer than two minutes`() throws {
        let lines = Lines(prefetch: 64)
        let lane = try Self.lane()
        for number in 0...3 { _ = lines.enter(lane, try Self.delivery(number), now: .seconds(number * 60)) }
        #expect(lines.overdue(now: .seconds(179)).isEmpty)
        #expect(lines.overdue(now: .seconds(241)).map(\.0.tag) == [1, 2])
        #expect(lines.overdue(now: .seconds(241)).isEmpty)
        #expect(lines.next(lane, now: .seconds(242))?.tag == 3 && lines.next(lane, now: .seconds(242)) == nil)
    }

    @Test func `what is remembered of keys that have gone is bounded`() throws {
        let lines = Lines(prefetch: 4)
        for number in 0..<(3 * Lines.memory) {
            let lane = try Self.lane("\(number)")
            for _ in 0..<4 { _ = lines.enter(lane, try Self.delivery(0), now: .zero) }
            while lines.next(lane, now: .seconds(1)) != nil {}
        }
        #expect(lines.remembered <= 2 * Lines.memory)
    }

    struct Unexpected: Error {}
}

struct LanePauseTests {
    @Test(
        arguments: [
            (Duration.zero, Duration.milliseconds(100)), (.milliseconds(99), .milliseconds(100)), (.seconds(3), .seconds(3)),
            (.seconds(300), .seconds(15)),
        ])
    func `what is held for long is asked for less often`(_ heldFor: Duration, _ pause: Duration) {
        #expect(LanePause.busy(heldFor: heldFor) == pause)
    }

    /// How many are ahead, in how many milliseconds the first is due, the pause in milliseconds.
    @Test(
        arguments: [
            (1, nil, 100), (3, nil, 110), (1, -500, 100), (1, 2000, 2200), (11, 2000, 2250), (1, 3_600_000, 15_000), (100_000, nil, 15_000),
        ] as [(Int64, Int64?, Int64)])
    func `what is behind comes after the first, in its order, and not much later`(_ ahead: Int64, _ due: Int64?, _ pause: Int64) {
        let now = Timestamp(milliseconds: 1_000_000)
        let due = due.map { now + .milliseconds($0) }
        #expect(LanePause.behind(ahead: ahead, due: due, now: now) == .milliseconds(pause))
    }

    private static func stall(_ backlog: inout Backlog, _ lane: String, first: String, at now: Double) throws -> Bool {
        backlog.stall(
            try LinesTests.delivery(0), of: try LinesTests.lane(lane), first: try key(first), now: .seconds(now))
    }

    @Test func `a full lane is waited for while it gets on, and no longer`() throws {
        var backlog = Backlog(limit: 100, patience: .seconds(5))
        let questions: [(lane: String, first: String, at: Double, waits: Bool)] = [
            ("1", "a", 0, true), ("2", "a", 4, true), ("1", "a", 4.9, true), ("1", "a", 5, false), ("1", "b", 5, true),
            ("2", "a", 8.9, true),
            ("2", "a", 9, false),
        ]
        for question in questions {
            let waits = try Self.stall(&backlog, question.lane, first: question.first, at: question.at)
            #expect(waits == question.waits, "\(question)")
            _ = backlog.take(now: .seconds(100), fresh: [])
        }
    }

    @Test func `no more stall than leaves room for other keys`() throws {
        var backlog = Backlog(limit: 2, patience: .seconds(60))
        func stall(_ lane: String, first: String, at now: Double, waits: Bool) throws {
            let found = try Self.stall(&backlog, lane, first: first, at: now)
            #expect(found == waits)
        }
        for lane in ["1", "2"] { try stall(lane, first: "a", at: 1, waits: true) }
        #expect(backlog.isWaiting)
        // For a moment it may be that it gets on.
        try stall("3", first: "a", at: 1, waits: true)
        try stall("3", first: "a", at: 5.9, waits: true)
        #expect(!backlog.isWaiting)
        try stall("3", first: "a", at: 6, waits: false)
        // While there is room it may stay.
        _ = backlog.take(now: .seconds(7), fresh: [])
        try stall("3", first: "a", at: 60.9, waits: true)
        try stall("3", first: "a", at: 61, waits: false)
    }

    @Test func `of a lane that gets on more than there is room for get tickets past the limit, and those before them first`() throws {
        var backlog = Backlog(limit: 2, patience: .seconds(60))
        let lane = try LinesTests.lane("1")
        func stall(_ first: String, at now: Double) throws -> Set<LaneKey> {
            for number in 0..<3 {
                let waits = backlog.stall(try LinesTests.delivery(number), of: lane, first: try key(first), now: .seconds(now))
                #expect(waits)
            }
            let turn = backlog.take(now: .seconds(now), fresh: [lane])
            #expect(turn.asked.map(\.tag) == [0, 1, 2])
            return turn.open
        }
        #expect(try stall("a", at: 1) == [lane])
        #expect(try stall("b", at: 2) == [lane])
        #expect(try stall("b", at: 61) == [lane])
        func third(_ first: String, at now: Double) throws -> Bool {
            _ = backlog.take(now: .seconds(now), fresh: [lane])
            let waits = try (0..<3).map { _ in try Self.stall(&backlog, "1", first: first, at: now) }
            return waits[2]
        }
        // Of one that was not seen for long nobody knows whether it got on.
        for (first, now, waits) in [("c", 70.0, true), ("c", 74.9, true), ("c", 75, false), ("d", 76, true), ("d", 135, true)] {
            let found = try third(first, at: now)
            #expect(found == waits, "\(first) at \(now)")
        }
        #expect(!backlog.isWaiting)
        let turn = backlog.take(now: .seconds(135), fresh: [])
        #expect(turn.asked.count == 3 && backlog.isEmpty && backlog.take(now: .seconds(140), fresh: [lane]).open.isEmpty)
    }

    @Test func `those that stall are asked for after a while, or when something of their lane comes`() throws {
        var backlog = Backlog(limit: 100, patience: .seconds(60))
        let (one, two) = (try LinesTests.lane("1"), try LinesTests.lane("2"))
        func take(at now: Double, _ fresh: Set<LaneKey> = []) -> [Int64] {
            backlog.take(now: .seconds(now), fresh: fresh).asked.map(\.tag)
        }
        func check(_ found: [Int64], _ expected: [Int64]) { #expect(found == expected) }
        func wait() throws {
            for _ in 0..<2 {
                let waits = try Self.stall(&backlog, "1", first: "a", at: 1)
                #expect(waits)
            }
        }
        try wait()
        #expect(backlog.isWaiting)
        check(take(at: 1.1, [two]), [])
        check(take(at: 1.1, [one]), [0, 0])
        #expect(backlog.isEmpty)
        try wait()
        // With their tickets: the first one first.
        for number in [4, 3] { backlog.askAgain(try LinesTests.delivery(number), of: two, number: Int64(number)) }
        #expect(!backlog.isWaiting)
        check(take(at: 1.1), [3, 4])
        check(take(at: 1.4), [0, 0])
        #expect(backlog.isEmpty)
    }

    @Test func `whoever's lane gets on elsewhere lingers; the first of them is asked for, and when it stands still all are sent away`()
        throws
    {
        var backlog = Backlog(limit: 1, patience: .seconds(60))
        let (one, two) = (try LinesTests.lane("1"), try LinesTests.lane("2"))
        func linger(_ number: Int64, _ lane: LaneKey, first: Int64, at now: Double) throws -> Bool {
            try backlog.look(at: lane, first: first, now: .seconds(now)).getsOn(.seconds(now))
                && backlog.linger(LinesTests.delivery(Int(number)), of: lane, number: number, now: .seconds(now))
        }
        func take() -> [Int64] { backlog.take(now: .seconds(100), fresh: []).asked.map(\.tag) }
        func check<Value: Equatable>(_ found: Value, _ expected: Value) { #expect(found == expected) }
        for number in [9, 7, 8] as [Int64] { check(try linger(number, one, first: 6, at: 1), true) }
        check(try linger(12, two, first: 11, at: 1.5), true)
        #expect(backlog.isWaiting)
        check(take(), [7, 12])
        check(take(), [8])
        // It got on.
        check(try linger(8, one, first: 7, at: 2.9), true)
        check(try linger(12, two, first: 11, at: 3.4), true)
        check(take(), [8])
        check(take(), [9, 12])
        for number in [8, 9] as [Int64] { check(try linger(number, one, first: 7, at: 4.8), true) }
        check(try linger(12, two, first: 11, at: 3.5), false)
        check(backlog.release(two).isEmpty, true)
        check(take(), [])
        check(take(), [8])
        check(try linger(8, one, first: 7, at: 4.9), false)
        check(backlog.release(one).map(\.tag), [9])
        #expect(backlog.isEmpty)
        // The first one has come: they are asked for at once, and all of them.
        for number in [5, 4] as [Int64] { check(try linger(number, two, first: 3, at: 5), true) }
        backlog.gather(two)
        #expect(!backlog.isWaiting)
        check(take(), [4, 5])
        for number in [5, 4] as [Int64] { check(try linger(number, two, first: 3, at: 5), true) }
        check(Set(backlog.removeAll().map(\.tag)), [4, 5])
        #expect(backlog.isEmpty)
    }

    @Test func `nobody lingers for longer than two minutes, however its lane gets on`() throws {
        var backlog = Backlog(limit: 1, patience: .seconds(60))
        let lane = try LinesTests.lane()
        let deliveries = try (1...2).map { try LinesTests.delivery($0) }
        func linger(_ place: Int, at now: Double) -> Bool {
            backlog.linger(deliveries[place], of: lane, number: Int64(place), now: .seconds(now))
        }
        func check(_ found: Bool, _ expected: Bool) { #expect(found == expected) }
        func asked() -> [Int64] { backlog.take(now: .zero, fresh: []).asked.map(\.tag) }
        check(linger(0, at: 0), true)
        for now in stride(from: 1, through: 119, by: 2) {
            #expect(asked() == [1])
            check(linger(0, at: Double(now)), true)
        }
        #expect(asked() == [1])
        check(linger(1, at: 120), true)
        check(linger(0, at: 120), false)
        #expect(asked() == [2] && backlog.isEmpty)
    }

    @Test func `whose turn does not come within five seconds is sent away, and one that nobody saw for a while is unknown again`() throws {
        var backlog = Backlog(limit: 1, patience: .seconds(60))
        let lane = try LinesTests.lane()
        func look(_ first: Int64, at now: Double) -> Backlog.Front { backlog.look(at: lane, first: first, now: .seconds(now)) }
        func check<Value: Equatable>(_ found: Value, _ expected: Value) { #expect(found == expected) }
        check(look(1, at: 0).reach, .max)
        // A second each, and then half of one.
        check(look(2, at: 1).reach, 7)
        check(look(4, at: 2).reach, 4 + 5)
        for number in 5...12 as ClosedRange<Int64> {
            check(backlog.linger(try LinesTests.delivery(Int(number)), of: lane, number: number, now: .seconds(2)), true)
        }
        check(backlog.release(lane, beyond: 9).map(\.tag), [10, 11, 12])
        check(backlog.release(lane).map(\.tag), [5, 6, 7, 8, 9])
        check(look(4, at: 3.9).getsOn(.seconds(3.9)), true)
        check(look(4, at: 4.1).getsOn(.seconds(4.1)), false)
        // Numbers begin again.
        check(look(4, at: 7).getsOn(.seconds(7)), true)
        check(look(4, at: 7).reach, .max)
    }

    @Test func `of a lane in which nothing happens it is asked less and less often`() throws {
        var backlog = Backlog(limit: 1, patience: .seconds(60))
        let lane = try LinesTests.lane()
        let delivery = try LinesTests.delivery(0)
        var questions: [Int] = []
        for turn in 0..<100 {
            guard turn == 0 || backlog.take(now: .zero, fresh: []).asked.count == 1 else { continue }
            questions.append(turn)
            for _ in 0..<3 { _ = backlog.look(at: lane, first: 1, now: .zero) }
            _ = backlog.linger(delivery, of: lane, number: 2, now: .zero)
        }
        #expect(questions.prefix(5) == [0, 1, 3, 6, 10] && zip(questions, questions.dropFirst()).map { $1 - $0 }.max() == 10)
        _ = backlog.look(at: lane, first: 2, now: .zero)
        #expect(backlog.take(now: .zero, fresh: []).asked.count == 1)
    }
}

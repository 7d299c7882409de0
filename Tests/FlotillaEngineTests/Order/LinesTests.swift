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

    @Test func `a line takes a quarter of the prefetch, all lines half of it; others are sent away for as long as the line takes`() throws {
        let lines = Lines(prefetch: 16)
        func enter(_ name: String, _ now: Duration) throws -> Duration? {
            switch lines.enter(try Self.lane(name), try Self.delivery(0), now: now) {
            case .goes, .waits: return nil
            case .away(let delay): return delay
            case .closed: throw Unexpected()
            }
        }
        for _ in 0..<5 { #expect(try enter("a", .zero) == nil) }
        // The first takes a second by now, and may take as long again.
        for _ in 0..<2 { #expect(try enter("a", .seconds(1)) == .seconds(1)) }
        #expect(lines.next(try Self.lane("a"), now: .seconds(1)) != nil)
        #expect(try enter("a", .seconds(1)) == nil)
        // Each of the five before it may take a second.
        #expect(try enter("a", .seconds(1)) == .seconds(5))
        #expect(try enter("a", .seconds(1)) == .seconds(6))
        for _ in 0..<5 { #expect(try enter("b", .seconds(1)) == nil) }
        #expect(try enter("c", .seconds(1)) == nil)
        #expect(try enter("c", .seconds(1)) == LanePause.shortest)
        #expect(try enter("d", .seconds(1)) == nil)
        #expect(try enter("a", .seconds(1000)) == LanePause.longest)
    }

    @Test func `a line that is dissolved or closed tells who waited, and a closed one lets nobody in`() throws {
        let lines = Lines(prefetch: 64)
        let lane = try Self.lane()
        for number in 0...2 { _ = lines.enter(lane, try Self.delivery(number), now: .zero) }
        #expect(lines.dissolve(lane).map(\.tag) == [1, 2])
        #expect(lines.dissolve(lane).isEmpty && lines.next(lane, now: .zero) == nil)
        for number in 3...4 { _ = lines.enter(lane, try Self.delivery(number), now: .zero) }
        #expect(lines.close().map(\.tag) == [4])
        #expect(lines.next(lane, now: .zero) == nil)
        guard case .closed = lines.enter(lane, try Self.delivery(5), now: .zero) else { throw Unexpected() }
    }

    @Test func `while a line gets on quickly it is asked for as many as find room in it, otherwise for any number`() throws {
        let lines = Lines(prefetch: 16)
        let lane = try Self.lane()
        #expect(lines.room(lane, now: .zero) == 5)
        for _ in 0..<3 { _ = lines.enter(lane, try Self.delivery(0), now: .zero) }
        #expect(lines.room(lane, now: .seconds(1)) == 2 && lines.room(lane, now: .seconds(1.1)) == .max)
        _ = lines.next(lane, now: .milliseconds(60))
        #expect(lines.room(lane, now: .milliseconds(60)) == .max)
        _ = lines.next(lane, now: .milliseconds(70))
        #expect(lines.room(lane, now: .milliseconds(70)) == 4)
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

    @Test func `no more stall or are held than leaves room for other keys`() throws {
        var backlog = Backlog(limit: 2, patience: .seconds(60))
        func stall(_ lane: String, first: String, at now: Double, waits: Bool) throws {
            let found = try Self.stall(&backlog, lane, first: first, at: now)
            #expect(found == waits)
        }
        for lane in ["1", "2"] {
            #expect(!backlog.isFull)
            try stall(lane, first: "a", at: 1, waits: true)
        }
        #expect(backlog.isFull)
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
        _ = backlog.removeAll()
        #expect(!backlog.isFull)
        for _ in 0..<2 { backlog.hold(try LinesTests.delivery(0), of: try LinesTests.lane("1")) }
        #expect(backlog.isFull)
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
            #expect(turn.asked.map(\.tag) == [0, 1, 2] && turn.lanes == [lane])
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

    @Test func `those that stall are asked for after a while, or when something of their lane comes, and those behind them with them`()
        throws
    {
        var backlog = Backlog(limit: 100, patience: .seconds(60))
        let (one, two) = (try LinesTests.lane("1"), try LinesTests.lane("2"))
        func take(at now: Double, _ fresh: Set<LaneKey> = []) -> [[Int64]] {
            let turn = backlog.take(now: .seconds(now), fresh: fresh)
            return [turn.asked.map(\.tag), turn.held.map(\.tag)]
        }
        func check(_ found: [[Int64]], _ expected: [[Int64]]) { #expect(found == expected) }
        func wait() throws {
            for _ in 0..<2 {
                let waits = try Self.stall(&backlog, "1", first: "a", at: 1)
                #expect(waits)
            }
            backlog.hold(try LinesTests.delivery(1), of: one)
            backlog.hold(try LinesTests.delivery(2), of: two)
        }
        try wait()
        #expect(backlog.isWaiting)
        check(take(at: 1.1, [two]), [[], [2]])
        check(take(at: 1.1, [one]), [[0, 0, 1], []])
        #expect(backlog.isEmpty)
        try wait()
        // With their tickets: the first one first.
        for number in [4, 3] { backlog.askAgain(try LinesTests.delivery(number), of: two, number: Int64(number)) }
        #expect(!backlog.isWaiting)
        check(take(at: 1.1), [[3, 4], [2]])
        check(take(at: 1.4), [[0, 0, 1], []])
        #expect(backlog.isEmpty)
    }
}

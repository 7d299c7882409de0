// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import TestSupport
import Testing

/// The Lanes port, the same on every store.
struct LanesTests {
    /// One who asks, as a worker does.
    private struct Asker {
        let holder: Holder
        let owner: Int64
        private static let turns = Tally()

        func request(
            _ id: String, in lane: String = "k", _ kind: LaneRequest.Kind = .exclusive, generation: Int = 0
        ) throws -> LaneRequest {
            Self.turns.add()
            return LaneRequest(
                lane: try LaneKey(consumer: "q", partitionKey: lane), key: try key(id), generation: generation, owner: owner,
                turn: Int64(Self.turns.count), kind: kind)
        }

        func ask(
            _ id: String, in lane: String = "k", _ kind: LaneRequest.Kind = .exclusive, generation: Int = 0, leaving: LaneLeave? = nil
        ) async throws -> LaneAnswer {
            try await holder.lanes.enter(request(id, in: lane, kind, generation: generation), leaving: leaving)
        }

        func enter(_ id: String, in lane: String = "k", _ kind: LaneRequest.Kind = .exclusive, generation: Int = 0) async throws -> HeldLane
        {
            let answer = try await ask(id, in: lane, kind, generation: generation)
            guard case .entered(let held) = answer else { throw UnexpectedLane(answer: answer) }
            return held
        }

        func leave(_ held: HeldLane, ticket id: String? = nil, due: Timestamp? = nil) async throws {
            let leave = LaneLeave(held, ticket: try id.map { try key($0) }, due: due)
            _ = try await holder.lanes.change(leaving: [leave], asking: [])
        }

        /// The event has come to this end.
        func mark(_ id: String, _ mark: LedgerMark, generation: Int = 0) async throws {
            let fence = try await holder.ledger.claimed(key(id), generation: generation)
            #expect(try await holder.ledger.mark(key(id), fence: fence, as: mark))
        }
    }

    struct UnexpectedLane: Error {
        let answer: LaneAnswer
    }

    private static let strict = LaneRequest.Kind.strict(limit: 5)
    private static let ticket = LaneRequest.Kind.ticket(limit: 5)

    private static func askers(_ adapter: Adapter, _ body: (Asker, Asker) async throws -> Void) async throws {
        try await askers(adapter) { one, two, _ in try await body(one, two) }
    }

    private static func askers(_ adapter: Adapter, _ body: (Asker, Asker, any Harness) async throws -> Void) async throws {
        try await adapter.harness { harness in
            try await body(Asker(holder: try await harness.open(), owner: 1), Asker(holder: try await harness.open(), owner: 2), harness)
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `a lane holds one; others are told for how long by now, and enter when it has left`(_ adapter: Adapter) async throws {
        try await Self.askers(adapter) { one, two in
            let held = try await one.enter("1")
            for _ in 0..<2 {
                guard case .busy(let heldFor) = try await two.ask("2") else { throw Unexpected(answer: .superseded) }
                #expect(heldFor >= .zero && heldFor < .seconds(60))
            }
            let other = try await two.enter("3", in: "l")
            #expect(try await one.holder.lanes.lost(among: [held]).isEmpty)
            #expect(try await one.holder.lanes.lost(among: [HeldLane(lane: held.lane, turn: held.turn + 999)]).count == 1)
            // Under another turn nothing is given up.
            try await two.leave(HeldLane(lane: held.lane, turn: other.turn))
            #expect(try await two.ask("2").isBusy)
            try await one.leave(held)
            #expect(try await two.enter("2").lane == held.lane)
            #expect(try await one.holder.lanes.lost(among: [held]) == [held])
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `whoever asks for a lane that it left behind has it anew, and what is given up under the old turn is not given up`(
        _ adapter: Adapter
    ) async throws {
        try await Self.askers(adapter) { one, two in
            let old = try await one.enter("1")
            let new = try await one.enter("2")
            try await one.leave(old)
            #expect(try await two.ask("3").isBusy)
            // Leaving and entering in one.
            let next = try await one.ask("4", leaving: LaneLeave(new))
            #expect(next != .entered(new) && next.isEntered)
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `a lane whose process vanished can be entered, and is lost to it`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let gone = Asker(holder: try await harness.open(), owner: 1)
            let held = try await gone.enter("1")
            await gone.holder.vanish()
            let two = Asker(holder: try await harness.open(), owner: 2)
            try await until { try await two.ask("2").isEntered }
            #expect(try await two.holder.lanes.lost(among: [held]) == [held])
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `of many who ask for one lane at once, one enters`(_ adapter: Adapter) async throws {
        try await Self.askers(adapter) { one, two in
            for round in 0..<10 {
                let entered = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<20 {
                        // Each a worker of its own.
                        let asker = Asker(holder: (number % 2 == 0 ? one : two).holder, owner: Int64(number))
                        group.addTask { try await asker.ask("\(number)", in: "lane \(round)").isEntered }
                    }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                #expect(entered == 1)
            }
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `tickets are numbered in the order of the requests, and only the lowest enters`(_ adapter: Adapter) async throws {
        try await Self.askers(adapter) { one, two in
            let requests = try ["1", "2", "3"].map { try one.request($0, $0 == "1" ? Self.strict : Self.ticket) }
            let answers = try await one.holder.lanes.change(leaving: [], asking: requests).answers
            #expect(answers.count == 3 && answers[0].isEntered)
            #expect(answers[1] == .behind(number: 2, ahead: 1, due: nil) && answers[2] == .behind(number: 3, ahead: 2, due: nil))
            // Asked again, it has the same place.
            #expect(try await two.ask("3", Self.strict) == .behind(number: 3, ahead: 2, due: nil))
            #expect(try await two.ask("4", Self.strict) == .behind(number: 4, ahead: 3, due: nil))
            #expect(try await two.ask("1", Self.strict).isBusy)

            guard case .entered(let held) = answers[0] else { return }
            try await one.mark("1", .done)
            // Left together with asking for the next one.
            let leave = LaneLeave(held, ticket: try key("1"))
            #expect(try await one.ask("2", Self.strict, leaving: leave).isEntered)
            #expect(try await two.ask("1", Self.strict) == .ended)
            #expect(try await two.ask("3", Self.strict) == .behind(number: 3, ahead: 1, due: nil))
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `what is tried again keeps its place, and tells those behind when that will be`(_ adapter: Adapter) async throws {
        try await Self.askers(adapter) { one, two in
            let held = try await one.enter("1", Self.strict)
            #expect(try await two.ask("2", Self.strict) == .behind(number: 2, ahead: 1, due: nil))
            try await one.mark("1", .retrying(next: 2))
            let due = Timestamp(milliseconds: 2_000_000_000_123)
            try await one.leave(held, ticket: "1", due: due)
            #expect(try await two.ask("2", Self.strict) == .behind(number: 2, ahead: 1, due: due))
            let again = try await two.enter("1", Self.strict)
            let fence = try await two.holder.ledger.claimed(key("1"), round: 2)
            #expect(try await two.holder.ledger.mark(key("1"), fence: fence, as: .dead))
            try await two.leave(again, ticket: "1")
            _ = try await two.enter("2", Self.strict)
        }
    }

    @Test(arguments: Adapter.ledgers, [LedgerMark.done, .dead, .parked])
    func `an event that came to its end without leaving holds up nobody, nor does one that a person discarded`(
        _ adapter: Adapter, _ end: LedgerMark
    ) async throws {
        try await Self.askers(adapter) { one, two in
            for id in ["1", "2", "3"] { _ = try await one.ask(id, Self.ticket) }
            #expect(try await two.ask("3", Self.strict) == .behind(number: 3, ahead: 2, due: nil))
            try await one.mark("1", end)
            try await (one.holder.ledger as? any LedgerInspection)?.discard(key("2"), generation: 0)
            let held = try await two.enter("3", Self.strict)
            try await two.mark("3", .done)
            try await two.leave(held, ticket: "3")
            // Its next life has a place of its own.
            #expect(try await two.ask("1", Self.ticket, generation: 1) == .behind(number: 1, ahead: 0, due: nil))
            #expect(try await two.ask("4", Self.strict) == .behind(number: 2, ahead: 1, due: nil))
            _ = try await two.enter("1", Self.strict, generation: 1)
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `a lane has as many tickets as it may have, and tells which is the first`(_ adapter: Adapter) async throws {
        try await Self.askers(adapter) { one, two in
            for number in 1...5 { _ = try await one.ask("\(number)", Self.ticket) }
            #expect(try await two.ask("6", Self.ticket) == .full(first: key("1")))
            #expect(try await two.ask("5", Self.ticket) == .behind(number: 5, ahead: 4, due: nil))
            #expect(try await two.ask("6", in: "other", Self.ticket) == .behind(number: 1, ahead: 0, due: nil))
            try await one.mark("1", .done)
            #expect(try await two.ask("7", Self.ticket) == .behind(number: 6, ahead: 4, due: nil))
        }
    }

    /// More than PostgreSQL reads of a lane at first.
    @Test(arguments: Adapter.ledgers, [39, 40])
    func `any number of events that came to their ends without leaving hold up nobody`(_ adapter: Adapter, _ ended: Int) async throws {
        try await Self.askers(adapter) { one, two in
            let requests = try (1...40).map { try one.request("\($0)", .ticket(limit: 100)) }
            _ = try await one.holder.lanes.change(leaving: [], asking: requests)
            for number in 1...ended { try await one.mark("\(number)", .done) }
            let held = try await two.enter(ended == 40 ? "41" : "40", .strict(limit: 100))
            #expect(try await one.ask("42", .strict(limit: 100)).isBehind(by: 1))
            try await two.mark(ended == 40 ? "41" : "40", .done)
            #expect(try await two.ask("42", .strict(limit: 100), leaving: LaneLeave(held)).isEntered)
        }
    }

    // MARK: Time

    @Test(arguments: Adapter.ledgers)
    func `what nobody asked for while nobody asked at all keeps its place, and so does what comes to the front after it`(
        _ adapter: Adapter
    ) async throws {
        try await Self.askers(adapter) { one, two, harness in
            for id in ["1", "2", "3", "4"] { _ = try await one.ask(id, Self.ticket) }
            try await harness.age(tickets: .seconds(3 * 86_400))
            // One that is new, and one that has a ticket.
            let reply = try await two.holder.lanes.change(
                leaving: [], asking: [two.request("5", Self.strict), two.request("4", Self.strict)])
            #expect(reply == LaneReply(answers: [.behind(number: 5, ahead: 4, due: nil), .behind(number: 4, ahead: 3, due: nil)]))
            // The first one ends without leaving, the second one leaves.
            try await one.mark("1", .dead)
            #expect(try await two.ask("5", Self.strict) == .behind(number: 5, ahead: 3, due: nil))
            let held = try await one.enter("2", Self.strict)
            try await one.mark("2", .done)
            try await one.leave(held, ticket: "2")
            #expect(try await two.ask("5", Self.strict) == .behind(number: 5, ahead: 2, due: nil))
            _ = try await one.enter("3", Self.strict)
        }
    }

    @Test(arguments: Adapter.ledgers)
    func `what is not asked for in a day of asking is forgotten, with all behind it that was not either, and that is told`(
        _ adapter: Adapter
    ) async throws {
        try await Self.askers(adapter) { one, two, harness in
            for id in ["1", "2", "3", "4"] { _ = try await one.ask(id, Self.ticket) }
            try await harness.age(tickets: .seconds(40 * 3600))
            func look(_ hours: Int) async throws -> LaneReply {
                try await harness.age(tickets: .seconds(hours * 3660))
                return try await two.holder.lanes.change(leaving: [], asking: [two.request("3", Self.strict)])
            }
            for _ in 0..<24 { #expect(try await look(1) == LaneReply(answers: [.behind(number: 3, ahead: 2, due: nil)])) }
            // For some hours nobody is there.
            #expect(try await look(3).forgotten == 0)
            for _ in 0..<23 { #expect(try await look(1).forgotten == 0) }
            let reply = try await look(1)
            #expect(reply.forgotten == 2 && reply.answers.first?.isEntered == true)
        }
    }
}

extension LaneAnswer {
    fileprivate var isBusy: Bool { if case .busy = self { true } else { false } }
    fileprivate var isEntered: Bool { if case .entered = self { true } else { false } }
    fileprivate func isBehind(by count: Int64) -> Bool { if case .behind(_, count, _) = self { true } else { false } }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import TestSupport
import Testing

@testable import FlotillaOperate

struct AuditKeysTests {
    @Test(arguments: [2, 10, 50, 10_000])
    func `every key is met once in some part, however few fit into memory, and no more than fit are held`(_ limit: Int) throws {
        var random = Seeded(UInt64(limit))
        let all = try (0..<200).map { try key("\($0)", consumer: "\($0 % 3)") }
        var met: [LedgerKey] = []
        var parts = [AuditKeys.Part.whole]
        while let part = parts.popLast() {
            var keys = AuditKeys(part, consumers: 3, limit: limit)
            for _ in 0..<3 {
                for number in all.indices.shuffled(using: &random) { keys.add(all[number], of: number % 3) }
            }
            parts += keys.rest
            for consumer in 0..<3 {
                let taken = keys.take(consumer)
                #expect(taken == taken.sorted() && Set(taken).count == taken.count && taken.count <= limit)
                met += taken
            }
        }
        #expect(met.count == all.count && Set(met) == Set(all))
    }

    @Test func `keys are in the order of their bytes`() throws {
        let keys = try (0..<500).map { try key("\($0)") }.sorted()
        #expect(zip(keys, keys.dropFirst()).allSatisfy { $0.bytes.lexicographicallyPrecedes($1.bytes) })
        #expect(keys.allSatisfy { $0.leading(bits: 8) == UInt64($0.bytes[0]) && $0.leading(bits: 0) == 0 })
    }
}

struct QueueStandingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var ready = 0
        var held = 0
        var own = 0
        var unknown: Set<QueueReport.Field> = []
        var fleet: Int?
        let standing: QueueStanding
    }

    static let cases = [
        Case(testDescription: "nothing", standing: .empty), Case(testDescription: "ready", ready: 1, standing: .busy),
        Case(testDescription: "held", held: 1, standing: .busy), Case(testDescription: "delayed", own: 1, standing: .busy),
        Case(testDescription: "held unknown", unknown: [.held], standing: .unknown),
        Case(testDescription: "held unknown, and some here", held: 1, unknown: [.held], standing: .busy),
        Case(testDescription: "delayed of the fleet, none", unknown: [.delayed], fleet: 0, standing: .empty),
        Case(testDescription: "delayed of the fleet", unknown: [.delayed], fleet: 3, standing: .busy),
        Case(testDescription: "delayed unknown", unknown: [.delayed], standing: .unknown),
        Case(testDescription: "ready, all else unknown", ready: 1, unknown: [.delayed, .held], standing: .busy),
    ]

    @Test(arguments: cases)
    func `a queue is empty when all is known and nothing is there`(_ example: Case) {
        var report = QueueReport(name: "q")
        (report.ready, report.held, report.delayed, report.unknown) = (example.ready, example.held, example.own, example.unknown)
        #expect(QueueStanding(report, delayed: example.fleet) == example.standing)
        #expect(QueueStanding(nil, delayed: nil) == .empty)
    }

    @Test func `of several looks all must find it empty`() {
        let all: [QueueStanding] = [.empty, .unknown, .busy]
        for (place, one) in all.enumerated() {
            for (other, two) in all.enumerated() { #expect(one.and(two) == all[max(place, other)]) }
        }
    }
}

struct RoutingTests {
    @Test func `an event was meant for whoever was bound to it when it was accepted`() throws {
        func binding(_ queue: String, _ text: String, _ since: Int64?) throws -> QueueBinding {
            QueueBinding(queue: queue, pattern: try pattern(text), since: since.map { Timestamp(milliseconds: $0) })
        }
        var routing = Routing([
            try binding("b", "t.#", nil), try binding("a", "t.one", 100), try binding("a", "t.*", 50), try binding("c", "x", nil),
        ])
        #expect(routing.queues == ["a", "b", "c"])
        func consumers(_ type: String, at moment: Int64) throws -> [Int] {
            routing.consumers(of: JournalEntry(event: try event("1", type: type), accepted: Timestamp(milliseconds: moment))).sorted()
        }
        #expect(try consumers("t.one", at: 49) == [1])
        #expect(try consumers("t.one", at: 50) == [1])
        #expect(try consumers("t.one", at: 51) == [0, 1])
        #expect(try consumers("t.one.two", at: 51) == [1])
        #expect(try consumers("x", at: 0) == [2])
        #expect(try consumers("y", at: 51) == [])
    }
}

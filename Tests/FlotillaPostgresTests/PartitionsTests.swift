// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FlotillaPostgres

struct PartitionsTests {
    private typealias Span = Partitions.Span

    @Test func `from nothing there is one for today and some days ahead`() {
        let plan = Partitions.plan([], today: 20_000, keeping: 14)
        #expect(plan == Partitions.Plan(made: [Span(first: 20_000, end: 20_014)]))
    }

    @Test(arguments: [1, 2, 7, 14, 90, 3650] as [Int64])
    func `for years every day has exactly one, none that is needed is dropped, and they stay few`(_ days: Int64) {
        var spans: [Partitions.Span] = []
        for today in Int64(20_000)..<(20_000 + 3 * days + 100) {
            let plan = Partitions.plan(spans, today: today, keeping: days)
            #expect(plan.dropped.allSatisfy { $0.end <= today - days })
            spans = spans.filter { !plan.dropped.contains($0) } + plan.made
            #expect(spans.count { $0.first <= today && today < $0.end } == 1)
            #expect(spans.count { $0.first <= today + 1 && today + 1 < $0.end } == 1)
            #expect(zip(spans, spans.dropFirst()).allSatisfy { $0.end == $1.first })
            #expect(spans.count <= 8)
        }
    }

    @Test func `after a long pause the days between have none, and today's is made`() {
        let plan = Partitions.plan([Span(first: 100, end: 104)], today: 200, keeping: 14)
        #expect(plan.made.first == Span(first: 200, end: 214))
        #expect(plan.dropped == [Span(first: 100, end: 104)])
    }

    @Test func `a clock that was ahead once leaves no day without one`() {
        let ahead = [Span(first: 20_003, end: 20_007), Span(first: 20_100, end: 20_104)]
        let plan = Partitions.plan(ahead, today: 20_000, keeping: 14)
        #expect(plan.made == [Span(first: 20_000, end: 20_003), Span(first: 20_007, end: 20_021)])
        let early = Partitions.plan([Span(first: 20_100, end: 20_104)], today: 20_000, keeping: 14)
        #expect(early.made == [Span(first: 20_000, end: 20_014)])
    }

    @Test func `as long as nobody has said how long outcomes are kept, none is dropped`() {
        #expect(Partitions.plan([Span(first: 100, end: 104)], today: 20_000, keeping: 0).dropped.isEmpty)
    }
}

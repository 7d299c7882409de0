// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaMemory
import FlotillaModel
import FlotillaRabbitMQ
import FlotillaRuntime
import FlotillaSQLite
import Synchronization
import TestSupport
import Testing

@testable import FlotillaOperate

extension AuditReport.Line {
    fileprivate static func of(_ name: String, _ change: (inout AuditReport.Line) -> Void) -> AuditReport.Line {
        var line = AuditReport.Line(name: name)
        change(&line)
        return line
    }
}

/// The audit where one process has everything in a file.
struct AuditTests {
    private static func use(_ options: SQLiteFile.Options = .init(), _ body: (SQLiteFile, String) async throws -> Void) async throws {
        try await SQLiteHarness.use(options: options) { harness in try await body(try await harness.file(), harness.path) }
    }

    /// Events that come to each of the ends, twice as often in the journal as there are of them.
    private static func ends(_ broker: SQLiteBroker, _ ledger: SQLiteLedger, count: Int) async throws {
        let marks: [LedgerMark?] = [.done, .dead, .parked, .retrying(next: 2), nil]
        let events = try (0..<count).map { try event("\($0)") }
        try await broker.publish(events + events)
        for number in 0..<count {
            let fence = try await ledger.claimed(key("\(number)"))
            if let mark = marks[number % marks.count] { _ = try await ledger.mark(key("\(number)"), fence: fence, as: mark) }
        }
    }

    /// However little fits into memory at once.
    @Test(arguments: [10, 100_000])
    func `what is at no end is pending while its queue is not empty, and missing and named when it is`(_ keysAtOnce: Int) async throws {
        try await Self.use { file, _ in
            let broker = SQLiteBroker(file)
            let ledger = SQLiteLedger(file)
            for queue in ["q", "other"] { try await broker.declare(queue, bindings: [pattern(queue == "q" ? "t" : "x")]) }
            try await Self.ends(broker, ledger, count: 100)
            func line(_ change: (inout AuditReport.Line) -> Void) -> AuditReport.Line {
                .of("q") { line in
                    (line.events, line.duplicates, line.states) = (100, 100, [.done: 20, .dead: 20, .parked: 20])
                    change(&line)
                }
            }
            let before = try await audit(broker, ledger, keysAtOnce: keysAtOnce)
            #expect(before.report.consumers == [AuditReport.Line(name: "other"), line { $0.pending = 40 }])
            #expect(before.report.entries == 200 && before.missing.isEmpty && before.report.verdict == .whole)

            let subscription = try await broker.subscribe(to: "q", prefetch: 400)
            for delivery in try await subscription.take(200) { delivery.acknowledge() }
            try await until { try await broker.queues().allSatisfy { $0.name == "unrouted" || $0.ready + $0.held == 0 } }
            let after = try await audit(broker, ledger, keysAtOnce: keysAtOnce)
            #expect(after.report.consumers.last == line { $0.missing = 40 })
            #expect(after.report.verdict == .wanting)
            #expect(after.missing.map(\.id).sorted() == (0..<100).filter { $0 % 5 > 2 }.map { "\($0)" }.sorted())
            #expect(after.missing.allSatisfy { $0.consumer == "q" && $0.source == "/hooks/test" && $0.type == "t" })
        }
    }

    @Test func `what nobody was bound to is kept, discarded, known to a worker all the same, or missing`() async throws {
        try await Self.use { file, path in
            let broker = SQLiteBroker(file)
            let ledger = SQLiteLedger(file)
            try await broker.publish((0..<4).map { try event("\($0)") })
            try await broker.declare("q", bindings: [pattern("t")])
            let letters = try await broker.letters(in: "unrouted", matching: LetterFilter(), limit: 10)
            #expect(letters.count == 4)
            let dead = DeadLetters(broker: broker, ledger: ledger)
            #expect(try await dead.discard([letters[0]]) == 1)
            #expect(try await dead.replay([letters[1]], to: "q", now: SystemClock().now, evenUnguarded: false).went == 1)
            let fence = try await ledger.claimed(key("1"))
            #expect(try await ledger.mark(key("1"), fence: fence, as: .done))
            try Tampering.run(path, "DELETE FROM letter WHERE id = '2'")
            let pending = try await audit(broker, ledger)
            #expect(pending.report.consumers == [AuditReport.Line(name: "q")])
            let unrouted = AuditReport.Line.of("unrouted") { line in
                (line.events, line.states, line.pending) = (4, [.discarded: 1], 1)
            }
            #expect(pending.report.unrouted == unrouted && pending.report.kept == 1 && pending.report.elsewhere == 1)

            let subscription = try await broker.subscribe(to: "q", prefetch: 4)
            try await subscription.one().acknowledge()
            try await until { try await broker.queues().allSatisfy { $0.name == "unrouted" || $0.ready + $0.held == 0 } }
            let after = try await audit(broker, ledger)
            #expect(after.report.unrouted.missing == 1 && after.missing.map(\.id) == ["2"] && after.missing.first?.consumer == "unrouted")
            #expect(after.report.verdict == .wanting)
        }
    }

    @Test func `what was accepted before its binding was there is not missing`() async throws {
        try await Self.use { file, _ in
            let broker = SQLiteBroker(file)
            try await broker.declare("old", bindings: [pattern("#")])
            try await broker.publish([event("1")])
            try await broker.declare("q", bindings: [pattern("t"), pattern("u")])
            let since = try await broker.bindings().first { $0.queue == "q" }?.since
            #expect(since != nil)
            // Neither a start nor another binding makes it newer.
            try await broker.declare("q", bindings: [pattern("u"), pattern("t")])
            try await broker.declare("q", bindings: [pattern("t")])
            #expect(try await broker.bindings().first { $0.queue == "q" }?.since == since)
            let found = try await audit(broker, SQLiteLedger(file))
            #expect(found.report.consumers.map(\.events) == [1, 0])
            #expect(found.report.unrouted.events == 0)
        }
    }

    @Test func `a window that is older than the journal is refused with its beginning; where nothing was cut off, it is whole`()
        async throws
    {
        var options = SQLiteFile.Options()
        options.lease = .milliseconds(300)
        options.journal = JournalLimits(age: .seconds(3600))
        try await SQLiteHarness.use(options: options) { harness in
            let clock = ManualClock()
            let file = try await harness.file(clock: clock)
            let broker = SQLiteBroker(file)
            let ledger = SQLiteLedger(file)
            let begin = clock.now
            try await broker.declare("q", bindings: [pattern("t")])
            #expect(try await audit(broker, ledger, since: begin - .seconds(86_400)).report.verdict == .whole)
            clock.advance(by: .seconds(1))
            try await broker.publish([event("1")])
            #expect(try await audit(broker, ledger, since: begin - .seconds(86_400)).report.entries == 1)
            #expect(try await broker.journalBegin() == JournalBegin(accepted: clock.now, isCut: false))
            let subscription = try await broker.subscribe(to: "q", prefetch: 4)
            try await subscription.one().acknowledge()
            clock.advance(by: .seconds(3000))
            try await broker.publish([event("2")])
            let second = clock.now
            clock.advance(by: .seconds(1800))
            try await until { try await broker.journalBegin() == JournalBegin(accepted: second, isCut: true) }
            let refusal = await #expect(throws: Audit.TooOld.self) { _ = try await audit(broker, ledger, since: second - .seconds(1)) }
            #expect(refusal?.begin == second)
            #expect(try await audit(broker, ledger, since: second).report.entries == 1)
            #expect(try await audit(broker, ledger).report.since == second)
        }
    }

    @Test func `with the journal off it can't be known, and that is said`() async throws {
        var options = SQLiteFile.Options()
        options.journal = .off
        try await Self.use(options) { file, _ in
            let failure = await #expect(throws: BrokerFailure.self) { _ = try await audit(SQLiteBroker(file), SQLiteLedger(file)) }
            #expect(failure?.description.contains("no journal is kept") == true)
        }
    }
}

/// The audit where the queues are on RabbitMQ.
@Suite(.enabled(if: RabbitNode.isInstalled, "rabbitmq-server is not installed"), .timeLimit(.minutes(5)))
struct RabbitAuditTests {
    @Test func `whether anything is missing is known with the management API alone, and looked for again after its lag`() async throws {
        try await RabbitHarness.use { harness in
            let harness = try #require(harness as? RabbitHarness)
            let ledger = MemoryLedger(clock: SystemClock())
            let held = Mutex<Int?>(nil)
            let broker = try await harness.broker { options in
                options.journal = JournalRetention(days: 1, bytes: 10_000_000)
                options.figures = {
                    held.withLock { $0 }.map { ["\(harness.prefix)q": QueueFigures(held: $0, entered: 0, gone: 0)] }
                }
            }
            try await broker.declare("q", bindings: [pattern("t")])
            // A later millisecond than that of the binding.
            let bound = try #require(try await broker.bindings().first?.since)
            try await until { SystemClock().now.milliseconds > bound.milliseconds }
            try await broker.publish((0..<4).map { try event("\($0)") })
            try await broker.publish([event("0"), event("lost", type: "nobody.wants")])
            let subscription = try await broker.subscribe(to: "q", prefetch: 10)
            let deliveries = try await subscription.take(5)
            for delivery in deliveries.dropLast() {
                let fence = try? await ledger.claimed(key(delivery.id))
                if let fence { _ = try await ledger.mark(key(delivery.id), fence: fence, as: .done) }
            }
            try await ledger.forget(key("3"))
            // Held here, and known here: nothing is missing.
            let pending = try await audit(broker, ledger)
            #expect(pending.report.unrouted.events == 1 && pending.report.kept == 1)
            #expect(pending.report.consumers.map { [$0.pending, $0.missing] } == [[1, 0]], "\(pending.report)")
            for delivery in deliveries { delivery.acknowledge() }
            await subscription.cancel()
            try await until { try await broker.queues().first { $0.name == "q" }?.held == 0 }

            let unknown = try await audit(broker, ledger)
            #expect(unknown.report.consumers.first?.unknown == 1 && unknown.missing.isEmpty && unknown.report.verdict == .unknown)
            held.withLock { $0 = 1 }
            #expect(try await audit(broker, ledger).report.consumers.first?.pending == 1)
            held.withLock { $0 = 0 }
            let sleeper = NoSleeper()
            let missing = try await audit(broker, ledger, sleeper: sleeper)
            let line = AuditReport.Line.of("q") { ($0.events, $0.duplicates, $0.states, $0.missing) = (4, 1, [.done: 3], 1) }
            #expect(missing.report.consumers == [line] && missing.missing.map(\.id) == ["3"])
            #expect(sleeper.slept.withLock { $0 } == [.seconds(11)])
        }
    }

    @Test func `since when a queue is bound is remembered over starts, and begins anew for what is bound again`() async throws {
        try await RabbitHarness.use { harness in
            let harness = try #require(harness as? RabbitHarness)
            let broker = try await harness.broker()
            func since(_ text: String) async throws -> Timestamp? {
                try await broker.bindings().first { $0.pattern.text == text }?.since
            }
            let begin = SystemClock().now - .milliseconds(1)
            try await broker.declare("q", bindings: [pattern("t"), pattern("u")])
            let first = try #require(try await since("t"))
            #expect(first >= begin)
            try await until { SystemClock().now.milliseconds > first.milliseconds }
            try await broker.declare("q", bindings: [pattern("t"), pattern("v")])
            try await broker.declare("q", bindings: [pattern("t"), pattern("v")])
            #expect(try await since("t") == first)
            #expect(try #require(try await since("v")) > first)
            #expect(try await since("u") == nil)
            try await broker.declare("q", bindings: [pattern("v")])
            try await broker.declare("q", bindings: [pattern("t"), pattern("v")])
            #expect(try #require(try await since("t")) > first)
            // As an earlier version left it, without a time.
            try RawRabbit.publish(Array("q\n\nt\nv".utf8), to: harness.prefix + "flotilla.bindings", harness.address)
            #expect(try await since("t") == nil)
            #expect(try await broker.bindings().count == 2)
            let now = SystemClock().now - .milliseconds(1)
            try await broker.declare("q", bindings: [pattern("t"), pattern("v")])
            #expect(try #require(try await since("t")) >= now)
        }
    }
}

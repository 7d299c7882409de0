// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import TestSupport
internal import Testing

@testable internal import FlotillaSQLite

/// `flotilla audit`, on files that workers have left behind.
@Suite struct AuditCommandTests {
    private typealias Commands = DeadCommandTests.Commands

    @Test("after a run with crashes nothing is missing; a row of the ledger that is deleted by hand is named, with status 1")
    func audit() async throws {
        try await CrashRun.with { run in
            let flotilla = Commands(place: run.place)
            let empty = try await flotilla("audit")
            #expect(empty.ending == .exited(0) && empty.output.contains("nothing is missing of 0 accepted events"))
            let ids = (0..<40).map { "event-\($0)" }
            for id in ids { try await run.open.publish([id], to: run.queue) }
            try await run.open.publish(["nobody"], to: "elsewhere")
            let kills = PipelineStage.allCases.map(\.rawValue).joined(separator: ",")
            _ = try await run.restarted(["deed=once", "kill=" + kills], most: 10)
            #expect(run.kills > 0)
            let whole = try await flotilla("audit")
            #expect(whole.ending == .exited(0), "\(whole.output)\(whole.errors)")
            #expect(whole.output.contains("1 events that no worker was bound to: 1 in unrouted"))
            #expect(whole.output.contains("nothing is missing of 41 accepted events"))

            let (one, five) = (try key("event-1"), try key("event-5"))
            try await run.open.file.write { turn in
                for key in [one, five] {
                    try turn.database.once("DELETE FROM ledger WHERE key = ?1") { delete in
                        delete.bind(1, key.bytes)
                        try delete.run()
                    }
                }
            }
            let wanting = try await flotilla("audit")
            #expect(wanting.ending == .exited(1))
            #expect(wanting.output.contains("crash.event  event-1  /test\n") && wanting.output.contains("event-5"))
            #expect(!wanting.output.contains("event-2  "))
            let rows = try await flotilla.rows("audit --since 1h")
            #expect(rows.filter { $0["kind"]?.string == "missing" }.compactMap { $0["id"]?.string }.sorted() == ["event-1", "event-5"])
            let crash = try #require(rows.first { $0["worker"]?.string == "crash" && $0["kind"]?.string == "worker" })
            #expect(crash["events"]?.integer == 40 && crash["missing"]?.integer == 2 && crash["pending"]?.integer == 0)
            #expect(rows.last?["kind"]?.string == "audit" && rows.last?["missing"]?.integer == 2)

            // While anything is on its way, it may be those.
            try await run.open.publish(["late"], to: run.queue)
            let pending = try await flotilla.rows("audit")
            #expect(pending.last?["missing"]?.integer == 0 && pending.last?["pending"]?.integer == 3)
        }
    }

    @Test("what is delayed is pending, with status 0")
    func delayed() async throws {
        try await CrashRun.with { run in
            try await run.open.publish(["one"], to: run.queue)
            let subscription = try await run.open.broker.subscribe(to: run.queue, prefetch: 1)
            let delivery = try #require(try await subscription.next())
            try await run.open.broker.forward(delivery, to: run.queue, passage: Passage(attempt: 2), after: .seconds(3600))
            delivery.acknowledge()
            try await until("it is delayed") {
                let report = try await run.open.report(run.queue)
                return report.delayed == 1 && report.held == 0
            }
            let finished = try await Commands(place: run.place)("audit --json")
            #expect(finished.ending == .exited(0))
            #expect(finished.output.contains(#""pending":1"#), "\(finished.output)")
            await subscription.cancel()
        }
    }

    @Test("with the journal off it says with 69 that it can't know")
    func off() async throws {
        try await CrashRun.with { run in
            let file = "sqlite:" + run.place.file("flotilla.db")
            let environment = ["FLOTILLA_BROKER": file, "FLOTILLA_STORE": file, "FLOTILLA_JOURNAL": "off"]
            let finished = try await run.place.run("flotilla", ["audit"], environment)
            #expect(finished.ending == .exited(69))
            #expect(finished.errors == "flotilla audit: no journal is kept: FLOTILLA_JOURNAL is off\n")
        }
    }

    @Test("a window that is older than the journal is refused with 2, and told where the journal begins")
    func old() async throws {
        try await CrashRun.with { run in
            try await run.open.publish(["one"], to: run.queue)
            // As after the first pruning.
            try await run.open.file.write { $0.prune(to: 1) }
            try await run.open.publish(["two"], to: run.queue)
            let finished = try await Commands(place: run.place)("audit --since 1h")
            #expect(finished.ending == .exited(2))
            #expect(finished.errors.contains("the journal begins at 20"))
            #expect(try await Commands(place: run.place)("audit").ending == .exited(0))
        }
    }

    private func key(_ id: String) throws -> LedgerKey { try LedgerKey(consumer: "crash", source: "/test", id: id) }
}

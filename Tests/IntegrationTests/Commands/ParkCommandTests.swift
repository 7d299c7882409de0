// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaSQLite
internal import Glibc
internal import TestSupport
internal import Testing

@Suite struct ParkCommandTests {
    private func withParked(_ count: Int, _ body: (CrashRun, DeadCommandTests.Commands) async throws -> Void) async throws {
        try await CrashRun.with { run in
            try await run.open.publish((0..<count).map { "e\($0)" }, to: run.queue)
            _ = try await run.restarted(["deed=consent"], most: 0)
            #expect(try await run.open.parked(run.queue).count == count)
            try await body(run, DeadCommandTests.Commands(place: run.place))
        }
    }

    @Test("list tells for each connection how many wait, since when, why, and what is known of it")
    func list() async throws {
        try await withParked(3) { run, flotilla in
            let rows = try await flotilla.rows("park list")
            #expect(rows.count == 1)
            #expect(rows.first?["queue"]?.string == "crash" && rows.first?["connection"]?.string == "ordered")
            #expect(rows.first?["parked"]?.integer == 3 && rows.first?["state"]?.string == "lost")
            #expect(rows.first?["reason"]?.string == "as ordered" && rows.first?["oldest"]?.string != nil)
            let table = try await flotilla("park list --queue crash")
            #expect(table.ending == .exited(0))
            #expect(table.output.contains("crash  ordered     LOST   3"))
            #expect(try await flotilla.rows("park list --connection ordered") == rows)
            let none = try await flotilla("park list --connection other")
            #expect(none.ending == .exited(1) && none.output == "nothing is parked\n")
        }
    }

    @Test("what does not belong together, or is missing, is wrong usage, and nothing changes")
    func usage() async throws {
        try await withParked(1) { run, flotilla in
            for words in [
                "park", "park drain", "park resume", "park resume --all --connection ordered", "park list --all", "park list --rate 5",
                "park list --dry-run", "park resume --all --rate 0", "park resume --all --queue nowhere", "park list --queue crash.parked",
            ] {
                let finished = try await flotilla(words)
                #expect(finished.ending == .exited(2), "\(words)")
            }
            #expect(try await run.open.parked(run.queue).count == 1)
            #expect(try await flotilla("park --help").ending == .exited(0))
        }
    }

    @Test("resume authorises the connection, lets its events go on where they were, and is written down; a dry run changes nothing")
    func resume() async throws {
        try await withParked(3) { run, flotilla in
            let dry = try await flotilla("park resume --connection ordered --dry-run")
            #expect(dry.ending == .exited(0) && dry.output == "would resume 3 events of connection ordered in crash\n")
            #expect(try await flotilla.rows("park list").first?["state"]?.string == "lost")

            let rows = try await flotilla.rows("park resume --connection ordered --rate 1000")
            #expect(rows.first?["resumed"]?.integer == 3 && rows.first?["lost_again"]?.bool == false)
            #expect(try await run.open.parked(run.queue).isEmpty)
            _ = try await run.restarted(["deed=consent"], most: 0)
            for number in 0..<3 { #expect(try await run.open.state(of: "e\(number)", in: run.queue) == .done) }
            #expect(run.runs.count == 6)
            #expect(try await flotilla("park resume --all").ending == .exited(1))
            #expect(
                try await run.open.ledger.deeds(limit: 10).map(\.what).sorted() == [
                    "park resume --all: 0 events", "park resume --all: begun", "park resume connection ordered: 3 events",
                    "park resume connection ordered: begun",
                ])
        }
    }

    @Test("what found no place in a lane that got on no more comes back by the name lane-full, behind what has its place")
    func lane() async throws {
        try await CrashRun.with { run in
            try await run.open.publish((0..<6).map { "e\($0)" }, to: run.queue, partitionKey: "k")
            let stuck = try run.worker(["deed=hang", "for=e0", "order=strict", "lane-limit=4", "lane-patience-ms=300"])
            // In the ledger, too: what is killed between the two comes again.
            try await until("two are parked") {
                var marked = 0
                for number in 0..<6 where try await run.open.state(of: "e\(number)", in: run.queue) == .parked { marked += 1 }
                return marked == 2
            }
            stuck.send(SIGKILL)
            try await stuck.end()
            let flotilla = DeadCommandTests.Commands(place: run.place)
            let rows = try await flotilla.rows("park list")
            #expect(rows.count == 1 && rows.first?["connection"]?.string == "lane-full" && rows.first?["parked"]?.integer == 2)
            #expect(rows.first?["reason"]?.string?.hasPrefix("lane-full: 4 events") == true)

            #expect(try await flotilla.rows("park resume --connection lane-full").first?["resumed"]?.integer == 2)
            _ = try await run.restarted(["order=strict"], most: 0)
            for number in 0..<6 { #expect(try await run.open.state(of: "e\(number)", in: run.queue) == .done) }
            #expect(Array(run.runs.prefix(5)) == ["e0", "e0", "e1", "e2", "e3"] && run.runs.dropFirst(5).sorted() == ["e4", "e5"])
            #expect(try await run.open.parked(run.queue).isEmpty)
        }
    }

    @Test("resume goes through every queue, or through the one that is named")
    func queues() async throws {
        try await CrashRun.with { run in
            for queue in ["one", "two", "three"] {
                try await run.open.declare(queue)
                try await run.open.publish(["a", "b"], to: queue)
                let subscription = try await run.open.broker.subscribe(to: queue, prefetch: 2)
                for _ in 0..<2 {
                    let delivery = try #require(try await subscription.next())
                    var passage = delivery.passage
                    passage.set(connection: "c")
                    try await run.open.broker.forward(delivery, to: QueueNames.parked(queue), passage: passage, after: .zero)
                    delivery.acknowledge()
                }
                await subscription.cancel()
            }
            let flotilla = DeadCommandTests.Commands(place: run.place)
            func resumed(_ words: String) async throws -> [String] {
                try await flotilla.rows(words).filter { $0["resumed"]?.integer == 2 }.compactMap { $0["queue"]?.string }.sorted()
            }
            #expect(try await resumed("park resume --connection c --queue two") == ["two"])
            for queue in ["one", "three"] { #expect(try await run.open.parked(queue).count == 2) }
            #expect(try await resumed("park resume --connection c") == ["one", "three"])
            for queue in ["one", "two", "three"] {
                #expect(try await run.open.parked(queue).isEmpty)
                #expect(try await run.open.report(queue).ready == 2)
            }
        }
    }

    @Test("a resumption that is killed leaves what it has not moved, and the next one goes on with it: each event runs once more")
    func killed() async throws {
        try await withParked(60) { run, _ in
            let file = "sqlite:" + run.place.file("flotilla.db")
            let child = try run.place.start(
                "flotilla", ["park", "resume", "--all", "--rate", "10"], ["FLOTILLA_BROKER": file, "FLOTILLA_STORE": file])
            _ = try await eventually("some have gone") { () -> Bool? in
                let left = try await run.open.parked(run.queue).count
                return left < 60 ? true : nil
            }
            child.send(SIGKILL)
            try await child.end()
            #expect(try await run.open.parked(run.queue).isEmpty == false)
            // By itself: the connection is authorised by now. Between two looks of it the queue alone may be empty.
            let worker = try run.worker(["deed=consent", "park-sweep-ms=50"])
            try await until("all have gone on") {
                guard try await run.open.parked(run.queue).isEmpty else { return false }
                return try await run.open.isEmpty(run.queue)
            }
            worker.send(SIGKILL)
            try await worker.end()
            for number in 0..<60 { #expect(try await run.open.state(of: "e\(number)", in: run.queue) == .done) }
            #expect(run.runs.count == 120)
        }
    }

    @Test("a worker that is killed on the way into the park leaves nothing behind", arguments: PipelineStage.allCases)
    func stages(_ stage: PipelineStage) async throws {
        try await CrashRun.with { run in
            try await run.open.publish(["one"], to: run.queue)
            _ = try await run.restarted(["deed=consent", "kill=\(stage)"], most: 1)
            #expect(run.kills == 1)
            let flotilla = DeadCommandTests.Commands(place: run.place)
            #expect(try await flotilla("park resume --connection ordered").ending == .exited(0))
            _ = try await run.restarted(["deed=consent", "park-sweep-ms=50"], most: 0)
            #expect(try await run.open.state(of: "one", in: run.queue) == .done)
            #expect(try await run.open.parked(run.queue).isEmpty)
        }
    }
}

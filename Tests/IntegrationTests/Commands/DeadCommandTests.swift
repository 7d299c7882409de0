// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import Glibc
internal import Testing

@testable internal import FlotillaSQLite

@Suite struct DeadCommandTests {
    /// Three dead letters of a worker that failed, in a file that the commands then work on.
    private func withLetters(_ body: (CrashRun, Commands) async throws -> Void) async throws {
        try await CrashRun.with { run in
            let ids = ["one", "two", "three"]
            for id in ids { try await run.open.publish([id], to: run.queue) }
            _ = try await run.restarted(["deed=dead", "concurrency=1"], most: 0)
            #expect(try await run.open.dead(run.queue).count == 3)
            try await body(run, Commands(place: run.place))
        }
    }

    struct Commands {
        let place: Place

        var environment: [String: String] {
            let file = "sqlite:" + place.file("flotilla.db")
            return ["FLOTILLA_BROKER": file, "FLOTILLA_STORE": file]
        }

        func callAsFunction(_ words: String) async throws -> Finished {
            try await place.run("flotilla", words.split(separator: " ").map(String.init), environment)
        }

        /// Its lines of JSON.
        func rows(_ words: String) async throws -> [JSONValue] {
            try await self(words + " --json").output.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        }
    }

    @Test("list and show tell what failed, where and why; every filter narrows them; nothing found is status 1")
    func look() async throws {
        try await withLetters { run, flotilla in
            let rows = try await flotilla.rows("dead list crash")
            #expect(rows.map { $0["id"]?.string } == ["one", "two", "three"])
            #expect(rows.first?["class"]?.string == "permanent")
            #expect(rows.first?["reason"]?.string == "as ordered")
            #expect(rows.first?["event"] == nil)
            let whole = try await flotilla.rows("dead show crash --id two")
            #expect(whole.map { $0["event"]?["id"]?.string } == ["two"])
            let text = try await flotilla("dead show crash --id two")
            #expect(text.output.contains("reason        as ordered\n"))
            let table = try await flotilla("dead list crash --limit 2")
            #expect(table.output.split(separator: "\n").count == 3)

            for found in [
                "--id two", "--type crash.#", "--class permanent", "--reason ORDERED", "--since 1h", "--until 2100-01-01T00:00:00Z",
            ] {
                #expect(try await flotilla("dead list crash \(found)").ending == .exited(0), "\(found)")
            }
            for missing in ["--id four", "--type github.#", "--class transient", "--reason whim", "--until 1h", "--tenant nobody"] {
                let finished = try await flotilla("dead list crash \(missing)")
                #expect(finished.ending == .exited(1), "\(missing)")
                #expect(finished.output == "no letter in crash.dead matches\n")
            }
            #expect(try await flotilla("dead list nowhere").ending == .exited(1))
        }
    }

    @Test("replay lets them run again where they failed, with the next generation; a dry run changes nothing")
    func replay() async throws {
        try await withLetters { run, flotilla in
            let dry = try await flotilla("dead replay crash --dry-run")
            #expect(dry.ending == .exited(0))
            #expect(dry.output == "would replay 3 letters of crash.dead\n")
            #expect(try await run.open.dead(run.queue).count == 3)

            let one = try await flotilla.rows("dead replay crash --id two")
            #expect(one.first?["changed"]?.integer == 1)
            #expect(try await run.open.dead(run.queue).count == 2)
            let rest = try await flotilla("dead replay crash --rate 100")
            #expect(rest.output == "2 letters of crash.dead replayed\n")
            _ = try await run.restarted(["deed=done", "concurrency=1"], most: 0)
            for id in ["one", "two", "three"] { #expect(try await run.open.state(of: id, in: run.queue) == .done) }
            #expect(run.runs == ["one", "two", "three"] + ["two", "one", "three"])
            #expect(try await flotilla("dead replay crash").ending == .exited(1))
            #expect(
                try await run.open.ledger.deeds(limit: 10).map(\.what).sorted() == [
                    "dead replay crash.dead: 1 letters", "dead replay crash.dead: 2 letters", "dead replay crash.dead: begun",
                    "dead replay crash.dead: begun",
                ])
        }
    }

    @Test("letters that are older than the ledger's memory are replayed only by those who say so")
    func unguarded() async throws {
        try await withLetters { run, flotilla in
            let database = try Database(path: run.place.file("flotilla.db"), create: false)
            try database.execute("UPDATE letter SET kept = kept - 90000000; DELETE FROM ledger WHERE key = (SELECT min(key) FROM ledger)")
            database.close()
            let guarded = try await flotilla("dead replay crash --yes")
            #expect(guarded.ending == .exited(0))
            #expect(
                guarded.output == """
                    2 letters of crash.dead replayed
                    1 are older than the ledger's memory: nobody knows what they did. --unguarded replays them, too

                    """)
            let still = try await flotilla("dead replay crash --yes")
            #expect(still.ending == .exited(1))
            #expect(try await run.open.dead(run.queue).count == 1)
            let rows = try await flotilla.rows("dead replay crash --unguarded")
            #expect(rows.map { $0["changed"]?.integer } == [1] && rows.map { $0["unguarded"]?.integer } == [0])
            #expect(try await run.open.dead(run.queue).isEmpty)
            #expect(try await flotilla("dead discard crash --unguarded").ending == .exited(2))
        }
    }

    @Test("a replay to a queue that is not there is wrong usage, and every letter stays")
    func nowhere() async throws {
        try await withLetters { run, flotilla in
            let finished = try await flotilla("dead replay crash --to nowhere")
            #expect(finished.ending == .exited(2))
            #expect(finished.errors.contains("there is no queue nowhere"))
            #expect(try await run.open.dead(run.queue).count == 3)
        }
    }

    @Test("discard puts them away for good: the ledger says so, and no copy runs again")
    func discard() async throws {
        try await withLetters { run, flotilla in
            #expect(try await flotilla("dead discard crash --id one --dry-run").output == "would discard 1 letters of crash.dead\n")
            let finished = try await flotilla("dead discard crash --id one")
            #expect(finished.output == "1 letters of crash.dead discarded\n")
            #expect(try await run.open.state(of: "one", in: run.queue) == .discarded)
            #expect(try await run.open.dead(run.queue).count == 2)
            let shown = try await flotilla.rows("ledger show one")
            #expect(shown.compactMap { $0["state"]?.string } == ["discarded"])
        }
    }

    @Test("a parked event is listed under its queue's full name, and runs again where it was parked")
    func parked() async throws {
        try await CrashRun.with { run in
            let flotilla = Commands(place: run.place)
            try await run.open.publish(["waiting"], to: run.queue)
            _ = try await run.restarted(["deed=park"], most: 0)
            let rows = try await flotilla.rows("dead list crash.parked")
            #expect(rows.map { $0["connection"]?.string } == ["ordered"])
            #expect(try await flotilla("dead list crash").ending == .exited(1))
            #expect(try await flotilla("dead replay crash.parked").output == "1 letters of crash.parked replayed\n")
            _ = try await run.restarted(["deed=done"], most: 0)
            #expect(try await run.open.state(of: "waiting", in: run.queue) == .done)
        }
    }

    @Test("letters of unrouted go to whoever is bound to their type by now, and stay where nobody is")
    func unrouted() async throws {
        try await CrashRun.with { run in
            let flotilla = Commands(place: run.place)
            try await run.open.publish(["late"], to: "later")
            #expect(try await flotilla.rows("dead list unrouted").map { $0["type"]?.string } == ["later.event"])
            #expect(try await flotilla.rows("dead replay unrouted").first?["changed"]?.integer == 0)
            try await run.open.declare("later")
            #expect(try await flotilla.rows("dead replay unrouted").first?["changed"]?.integer == 1)
            #expect(try await run.open.report("later").ready == 1)
            #expect(try await flotilla("dead list unrouted").ending == .exited(1))
        }
    }

    @Test("ledger show tells what became of an event for each worker, and with status 1 that nobody knows it")
    func ledger() async throws {
        try await withLetters { run, flotilla in
            let rows = try await flotilla.rows("ledger show two")
            #expect(rows.map { $0["state"]?.string } == [nil, "dead", nil])
            #expect(rows.first?["accepted"]?.string != nil && rows.first?["type"]?.string == "crash.event")
            #expect(rows.dropFirst().first?["worker"]?.string == "crash")
            #expect(rows.dropFirst().first?["round"]?.integer == 1)
            #expect(rows.last?["queue"]?.string == "crash.dead" && rows.last?["reason"]?.string == "as ordered")
            let text = try await flotilla("ledger show two").output
            #expect(text.contains("ACCEPTED") && text.contains("WORKER") && text.contains("reason        as ordered\n"))
            #expect(try await flotilla("ledger show two --source /test").ending == .exited(0))
            #expect(try await flotilla("ledger show two --source /other").ending == .exited(1))
            let unknown = try await flotilla("ledger show nobody")
            #expect(unknown.ending == .exited(1))
            #expect(unknown.output == "no worker has heard of nobody, or it was too long ago\n")
        }
    }
}

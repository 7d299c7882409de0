// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaSQLite
internal import Glibc
internal import Testing

@Suite struct ResolveCommandTests {
    /// A worker that was killed between the intent and the call of its effect, and the dead letter that came of it. No service listens.
    private func withUnknown(_ body: (CrashRun, DeadCommandTests.Commands) async throws -> Void) async throws {
        try await CrashRun.with { run in
            try await run.open.publish(["once-1"], to: run.queue)
            let endings = try await run.restarted(Self.orders + ["point=1:intended"], most: 2)
            #expect(endings == [.killed(by: SIGKILL)])
            let letters = try await run.open.dead(run.queue)
            #expect(letters.map(\.passage.failureClass) == ["permanent"])
            #expect(letters.first?.passage.reason?.hasPrefix("unknown-effect: send may have happened") == true)
            try await body(run, DeadCommandTests.Commands(place: run.place))
        }
    }

    private static let orders = ["deed=effect", "service=1", "attempts=3"]

    @Test("said to have happened, an effect is recorded with its result, and the letter runs to its end")
    func happened() async throws {
        try await withUnknown { run, flotilla in
            let shown = try await flotilla.rows("ledger show once-1").filter { $0["effect"] != nil }
            #expect(shown.map { $0["state"]?.string } == ["intended"])
            #expect(shown.map { $0["policy"]?.string } == ["at most once"])
            #expect(try await flotilla("ledger show once-1").output.contains("at most once"))

            let dry = try await flotilla("dead resolve crash --id once-1 --effect send --happened --dry-run")
            #expect(dry.ending == .exited(0))
            #expect(try await run.open.dead(run.queue).count == 1)
            #expect(try await run.open.ledger.deeds(limit: 10).isEmpty)

            // The result is one word here: a command line of these tests is cut at blanks.
            let finished = try await run.place.run(
                "flotilla",
                [
                    "dead", "resolve", "crash", "--id", "once-1", "--effect", "send", "--key", "k", "--happened", "--result",
                    "receipt of once-1", "--json",
                ], flotilla.environment)
            #expect(finished.ending == .exited(0), "\(finished.errors)")
            let answer = try JSONValue(parsing: finished.output)
            #expect(answer["verdict"]?.string == "happened" && answer["replayed"]?.integer == 1 && answer["key"]?.string == "k")
            #expect(try await run.open.dead(run.queue).isEmpty)
            #expect(
                try await run.open.ledger.deeds(limit: 10).map(\.what) == ["dead resolve crash.dead: send of once-1 happened"])

            _ = try await run.restarted(Self.orders, most: 0)
            #expect(try await run.open.state(of: "once-1", in: run.queue) == .done)
            let after = try await flotilla.rows("ledger show once-1").filter { $0["effect"] != nil }
            #expect(after.map { $0["state"]?.string } == ["resolved"])
        }
    }

    @Test("said to be done again, an effect is called by the next run")
    func redo() async throws {
        try await withUnknown { run, flotilla in
            let finished = try await flotilla("dead resolve crash --id once-1 --effect send --redo")
            #expect(finished.ending == .exited(0))
            #expect(finished.output == "send is to be done again; the letter is replayed\n")
            _ = try await run.restarted(Self.orders, most: 0)
            // It called: nobody answered, and that is known for sure.
            let reason = try await run.open.dead(run.queue).first?.passage.reason
            #expect(reason == "gave up after 3 attempts: the host does not accept a connection")
            let again = try await flotilla("dead resolve crash --id once-1 --effect send --redo")
            #expect(again.ending == .exited(1))
            #expect(again.errors.contains("the event has no effects"))
        }
    }

    @Test("what is not there, is not unknown, or is said twice over is refused, and nothing changes")
    func refused() async throws {
        try await withUnknown { run, flotilla in
            for (words, status) in [
                ("--id once-1 --effect other --redo", 1), ("--id nobody --effect send --redo", 1),
                ("--id once-1 --source /other --effect send --redo", 1), ("--id once-1 --effect send --key other --happened", 1),
                ("--id once-1 --effect send", 2), ("--id once-1 --effect send --redo --happened", 2), ("--effect send --redo", 2),
                ("--id once-1 --effect send --redo --result x", 2), ("--id once-1 --redo", 2),
            ] {
                let finished = try await flotilla("dead resolve crash " + words)
                #expect(finished.ending == .exited(Int32(status)), "\(words): \(finished.errors)")
            }
            #expect(try await run.open.dead(run.queue).count == 1)
            #expect(try await run.open.ledger.deeds(limit: 10).isEmpty)
        }
    }

    @Test("groups count dead letters by class, type and reason, numbers left out")
    func groups() async throws {
        try await CrashRun.with { run in
            let flotilla = DeadCommandTests.Commands(place: run.place)
            try await run.open.publish((0..<3).map { "once-\($0)" } + ["keyed-1"], to: run.queue)
            _ = try await run.restarted(Self.orders + ["point=1:intended", "concurrency=1"], most: 6)
            let groups = try await flotilla.rows("dead groups crash")
            #expect(groups.map { $0["count"]?.integer } == [3, 1])
            #expect(groups.map { $0["class"]?.string } == ["permanent", "transient"])
            #expect(groups.first?["reason"]?.string?.hasPrefix("unknown-effect: send may have happened: its call at #-#-") == true)
            #expect(try await flotilla("dead groups crash").output.split(separator: "\n").count == 3)
            #expect(try await flotilla("dead groups crash --class poison").ending == .exited(1))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import Glibc
internal import TestSupport
internal import Testing

/// Four processes publish into one file and consume from it; checkpoints are forced all the time, and now and then one of them is killed
/// and replaced.
@Suite struct FourProcessesTests {
    private static let long = environment("FLOTILLA_LONG")
    static let kills = long ? 60 : 10
    static let eventsEach = long ? 4000 : 400

    @Test("four processes on one file, killed at random: nothing confirmed is lost, each event is marked once, and the file is sound")
    func sound() async throws {
        var random = Seeded(20_260_101)
        try await CrashRun.with { run in
            var crew: [Child] = []
            for name in 0..<4 { crew.append(try sailor(run, "\(name)")) }
            for kill in 0..<Self.kills {
                // Some hundred confirmed publications later, at a moment that nobody chose.
                let goal = confirmed(run).count + Int.random(in: 20...200, using: &random)
                try await until("the others go on after kill \(kill)", within: .seconds(30)) { [crew] in
                    confirmed(run).count >= goal || crew.allSatisfy { published(run, $0) }
                }
                let place = Int.random(in: 0..<4, using: &random)
                crew[place].send(SIGKILL)
                #expect(try await crew[place].end() == .killed(by: SIGKILL))
                crew[place] = try sailor(run, "\(place)-after-\(kill)")
            }
            try await until("everything is published and handled", within: .seconds(120)) { [crew] in
                guard crew.allSatisfy({ published(run, $0) }) else { return false }
                return try await run.open.isEmpty(run.queue)
            }
            for child in crew {
                #expect(child.hasEnded == nil, "\(child.errors)")
                child.send(SIGKILL)
                try await child.end()
            }
            try await check(run)
        }
    }

    private func check(_ run: CrashRun) async throws {
        let promised = confirmed(run)
        #expect(Set(promised).count == promised.count)
        #expect(promised.count >= 4 * Self.eventsEach)
        // Of so many kills three may hit one event, which is then given up, and says so.
        let letters = try await run.open.dead(run.queue)
        #expect(letters.allSatisfy { $0.passage.reason?.hasPrefix("crashed: 3 ") ?? false } && letters.count <= max(1, Self.kills / 20))
        let crashed = Set(letters.compactMap { try? $0.content.get().id })
        for id in promised {
            #expect(try await run.open.state(of: id, in: run.queue) == (crashed.contains(id) ? .dead : .done), "\(id)")
        }
        // One mark for each event, whether or not its publisher lived to hear of its commit.
        let events = try await run.open.count("SELECT count(*) FROM event")
        #expect(try await run.open.count("SELECT count(DISTINCT id) FROM event") == events)
        #expect(try await run.open.count("SELECT count(*) FROM ledger WHERE state = 4") == events - crashed.count)
        #expect(try await run.open.count("SELECT count(*) FROM ledger") == events)
        #expect(try await run.open.count("SELECT count(*) FROM claim") == 0)
        #expect(try await run.open.count("SELECT count(*) FROM delivery") == 0)
        // What a killed process ran is run again, and nothing else is.
        #expect(Set(promised).isSubset(of: run.runs))
        #expect(run.runs.count - Set(run.runs).count <= Self.kills * Self.concurrency)
        #expect(try await run.open.integrity() == "ok")
    }

    private static let concurrency = 8

    private func sailor(_ run: CrashRun, _ name: String) throws -> Child {
        try run.worker([
            "confirmed=" + run.place.file("confirmed"), "name=" + name, "publish=\(Self.eventsEach)", "lanes=8", "checkpoint-pages=4",
            "concurrency=\(Self.concurrency)", "prefetch=16",
        ])
    }

    private func confirmed(_ run: CrashRun) -> [String] { run.place.lines("confirmed") }

    private func published(_ run: CrashRun, _ child: Child) -> Bool { child.output.contains("published") }
}

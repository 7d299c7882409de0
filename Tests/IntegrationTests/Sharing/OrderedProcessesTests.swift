// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import Glibc
internal import TestSupport
internal import Testing

/// Order by partition key among processes on one file, some of which are killed or stopped.
@Suite struct OrderedProcessesTests {
    private static let keys = 8
    private static let each = environment("FLOTILLA_LONG") ? 400 : 40

    @Test(
        "three processes, killed at random: never two of a key at once; in strict order none is overtaken",
        arguments: ["exclusive", "strict"])
    func killed(_ order: String) async throws {
        var random = Seeded(20_260_103)
        try await CrashRun.with { run in
            for number in 0..<Self.each {
                for key in 0..<Self.keys { try await run.open.publish(["\(key)-\(number)"], to: run.queue, partitionKey: "k\(key)") }
            }
            // Once each: an event that is killed three times is given up.
            func begin() throws -> Child {
                try run.worker([
                    "deed=done", "yields=10000", "order=" + order, "concurrency=4", "prefetch=16", "spans=" + run.place.file("spans"),
                ])
            }
            var crew = [try begin(), try begin(), try begin()]
            for kill in 1...4 {
                // No more than there are, however many have run by now.
                let goal = min(run.runs.count + Int.random(in: 5...20, using: &random), Self.keys * Self.each)
                try await until("some run before kill \(kill)") { run.runs.count >= goal }
                let place = Int.random(in: 0..<3, using: &random)
                crew[place].send(SIGKILL)
                try await crew[place].end()
                crew[place] = try begin()
            }
            try await until("all is handled", within: .seconds(120)) { try await run.open.isEmpty(run.queue) }
            for child in crew {
                #expect(child.hasEnded == nil, "\(child.errors)")
                child.send(SIGKILL)
                try await child.end()
            }
            let spans = Spans(run.place.text("spans"))
            #expect(spans.overlaps.isEmpty)
            for key in 0..<Self.keys {
                let ids = (0..<Self.each).map { "\(key)-\($0)" }
                for id in ids { #expect(try await run.open.state(of: id, in: run.queue) == .done, "\(id)") }
                if order == "strict" { #expect(spans.isWhole("k\(key)")) }
            }
            #expect(try await run.open.count("SELECT count(*) FROM ticket WHERE key NOT IN (SELECT key FROM ledger)") == 0)
        }
    }

    @Test(
        "a process that is stopped past its lease is taken for dead; when it goes on its handler is cancelled, and its key is another's",
        arguments: ["exclusive", "strict"])
    func stopped(_ order: String) async throws {
        try await CrashRun.with { run in
            for id in ["one", "two", "three"] { try await run.open.publish([id], to: run.queue, partitionKey: "k") }
            let spans = run.place.file("spans")
            let stopped = try run.worker(["deed=hang", "for=one", "order=" + order, "spans=" + spans, "prefetch=1", "concurrency=1"])
            try await until("it runs the first one") { run.runs == ["one"] }
            try await pause(stopped.send) { try await run.open.declare(run.queue) }
            let other = try run.worker(["deed=done", "order=" + order, "spans=" + spans])
            try await until("the other has done all", within: .seconds(60)) { try await run.open.isEmpty(run.queue) }
            for id in ["one", "two", "three"] { #expect(try await run.open.state(of: id, in: run.queue) == .done) }
            stopped.send(SIGCONT)
            try await until("its handler is cancelled") {
                run.place.lines("spans").contains("- k one \(stopped.pid)")
            }
            #expect(try await run.open.state(of: "one", in: run.queue) == .done)
            // It goes on with what comes.
            other.send(SIGKILL)
            try await other.end()
            try await run.open.publish(["four"], to: run.queue, partitionKey: "k")
            try await until("it goes on") { try await run.open.state(of: "four", in: run.queue) == .done }
            if order == "strict" { #expect(Spans(run.place.text("spans")).order["k"] == ["one", "two", "three", "four"]) }
        }
    }
}

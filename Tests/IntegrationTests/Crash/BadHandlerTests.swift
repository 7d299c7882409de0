// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import FlotillaModel
internal import Testing

@Suite struct BadHandlerTests {
    static let neighbours = (0..<50).map { "neighbour-\($0)" }

    @Test("a handler that traps takes its process down three times; then its event is dead as crashed, and no neighbour is blamed")
    func traps() async throws {
        try await CrashRun.with { run in
            let ids = Self.neighbours
            try await run.open.publish(Array(ids[..<25]) + ["poison"] + Array(ids[25...]), to: run.queue)
            let endings = try await run.restarted(["deed=trap", "for=poison", "concurrency=8", "prefetch=64"], most: 10)
            #expect(endings.count == LedgerTable.crashLimit)
            #expect(endings.allSatisfy { if case .killed = $0 { true } else { false } })

            let letters = try await run.open.dead(run.queue)
            #expect(letters.map { try? $0.content.get().id } == ["poison"])
            #expect(letters.first?.passage.reason?.hasPrefix("crashed") == true)
            #expect(letters.first?.passage.failureClass == "poison")
            #expect(run.runs.count { $0 == "poison" } == LedgerTable.crashLimit)
            let handled = Set(run.runs)
            for id in ids {
                #expect(handled.contains(id))
                #expect(try await run.open.state(of: id, in: run.queue) == .done, "\(id)")
            }
        }
    }

    @Test("a handler that hangs past its deadline costs its own event its attempts, and holds up nobody else", arguments: ["hang", "deaf"])
    func hangs(_ deed: String) async throws {
        try await CrashRun.with { run in
            try await run.open.publish(["stuck"] + Self.neighbours, to: run.queue)
            let endings = try await run.restarted(["deed=" + deed, "for=stuck", "limit-ms=200", "attempts=3"], most: 0)
            #expect(endings.isEmpty)
            let letters = try await run.open.dead(run.queue)
            #expect(letters.map { try? $0.content.get().id } == ["stuck"])
            #expect(letters.first?.passage.reason == "gave up after 3 attempts: the handler did not end within 200 ms")
            #expect(run.runs.count { $0 == "stuck" } == 3)
            for id in Self.neighbours { #expect(try await run.open.state(of: id, in: run.queue) == .done, "\(id)") }
        }
    }
}

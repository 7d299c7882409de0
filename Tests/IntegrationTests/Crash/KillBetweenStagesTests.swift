// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import Glibc
internal import Testing

@Suite struct KillBetweenStagesTests {
    /// What a handler says, where the event must then end, and how often the handler may have run for it with one kill.
    struct Case: Sendable, CustomTestStringConvertible {
        let deed: String
        let end: LedgerState
        let stage: PipelineStage
        var mostRuns: Int { deed == "once" ? 4 : 2 }
        var testDescription: String { "\(deed), killed at \(stage.rawValue)" }
    }

    static let cases: [Case] = [("done", LedgerState.done), ("once", .done), ("dead", .dead), ("park", .parked)].flatMap { deed, end in
        // An event that is done is not forwarded.
        PipelineStage.allCases.filter { deed != "done" || $0 != .forwarded }.map { Case(deed: deed, end: end, stage: $0) }
    }

    @Test("a process killed between two stages: the event still ends once, and in the right place", arguments: cases)
    func killed(_ example: Case) async throws {
        try await CrashRun.with { run in
            try await run.open.publish(["one"], to: run.queue)
            let first = try run.worker(["deed=" + example.deed, "kill=" + example.stage.rawValue])
            #expect(try await first.end() == .killed(by: SIGKILL))

            let endings = try await run.restarted(["deed=" + example.deed], most: 0)
            #expect(endings.isEmpty)
            #expect(run.kills == 1)
            #expect(try await run.open.state(of: "one", in: run.queue) == example.end)
            #expect(try await run.open.dead(run.queue).count == (example.end == .dead ? 1 : 0))
            #expect(try await run.open.parked(run.queue).count == (example.end == .parked ? 1 : 0))
            #expect((1...example.mostRuns).contains(run.runs.count))
        }
    }
}

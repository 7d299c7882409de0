// SPDX-License-Identifier: Apache-2.0

internal import FlotillaEngine
internal import Testing

@Suite struct TwelveAttemptsTests {
    /// In which stage each of the twelve attempts is killed.
    static let plans: [[PipelineStage]] =
        PipelineStage.allCases.indices.map { shift in
            (0..<12).map { PipelineStage.allCases[(shift + $0) % PipelineStage.allCases.count] }
        } + [.received, .forwarded, .marked].map { [PipelineStage](repeating: $0, count: 12) }

    @Test("an event that fails for ever, with a kill in each of its attempts, becomes one dead letter and nothing else", arguments: plans)
    func twelve(_ plan: [PipelineStage]) async throws {
        try await CrashRun.with { run in
            try await run.open.publish(["one"], to: run.queue)
            let kill = "kill=" + plan.map(\.rawValue).joined(separator: ",")
            _ = try await run.restarted(["deed=retry", kill], most: 13)
            let letters = try await run.open.dead(run.queue)
            #expect(letters.count == 1)
            #expect(letters.first.map { $0.passage.attempt <= 12 } == true)
            #expect(try await run.open.state(of: "one", in: run.queue) == .dead)
            #expect(try await run.open.parked(run.queue).isEmpty)
            #expect((1...12).contains(run.kills))
            // Each kill costs one run more at most.
            #expect(run.runs.count <= 12 + run.kills)
        }
    }
}

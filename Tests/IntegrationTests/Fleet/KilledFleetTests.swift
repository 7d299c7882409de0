// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import TestSupport
internal import Testing

@Suite struct KilledFleetTests {
    static let sends = environment("FLOTILLA_LONG") ? 50_000 : 5_000
    static let kills = environment("FLOTILLA_LONG") ? 10 : 4
    /// What the log-sink takes at once: as much as a kill can double.
    static let batch = 256

    @Test(
        "kill -9 in the middle of many sends: after the restart every id that got a 202 is in the log-sink's file", .timeLimit(.minutes(10))
    )
    func killed() async throws {
        var random = Seeded(20_260_102)
        try await Fleet.with { fleet in
            var promised: [String] = []
            let part = Self.sends / (Self.kills + 1)
            for round in 0...Self.kills {
                let child = try await fleet.up()
                let before = try fleet.written().count
                let sender = try fleet.place.start(
                    "flotilla", ["send", "github", "--count", "\(part)", "--parallel", "64", "--json"], fleet.environment)
                if round < Self.kills {
                    let goal = before + Int.random(in: 1...(part * 3 / 4), using: &random)
                    try await until("some are written", within: .seconds(60)) { try fleet.written().count >= goal }
                    child.send(SIGKILL)
                    try await child.end()
                }
                try await sender.end(within: .seconds(300))
                let answers = try Fleet.answers(sender.output)
                #expect(answers.count == part)
                promised += answers.filter { $0.status == 202 }.map(\.id)
                if round == Self.kills { try await drained(fleet, promised, end: child) }
            }
        }
    }

    private func drained(_ fleet: Fleet, _ promised: [String], end child: Child) async throws {
        try await fleet.database { open in
            try await until("the queue is empty", within: .seconds(120)) { try await open.isEmpty("log-sink") }
            #expect(try await open.dead("log-sink").isEmpty)
            #expect(try await open.integrity() == "ok")
        }
        let written = try fleet.written()
        let kept = Set(written)
        #expect(promised.filter { !kept.contains($0) }.isEmpty)
        #expect(promised.count > Self.sends / 4)
        #expect(written.count - kept.count <= Self.kills * Self.batch)
        child.send(SIGTERM)
        #expect(try await child.end() == .exited(0))
    }
}

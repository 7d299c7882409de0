// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import FlotillaSQLite
internal import Testing

@Suite struct JournalCommandTests {
    private typealias Commands = DeadCommandTests.Commands

    @Test("journal list prints every accepted event, whole as JSON; every filter narrows it; nothing found is status 1")
    func list() async throws {
        try await CrashRun.with { run in
            let flotilla = Commands(place: run.place)
            let empty = try await flotilla("journal list")
            #expect(empty.ending == .exited(1) && empty.output == "no event in the journal matches\n" && empty.errors.isEmpty)
            try await run.open.publish(["one", "two"], to: run.queue)
            try await run.open.publish(["lost"], to: "nowhere")
            let data = Array("{\n  \"a\": 1,\r\n  \"b\": \"\\n\"\n}".utf8)
            try await run.open.broker.publish([Event(id: "lines", source: "/lines", type: "other", data: data)])
            #expect(try await flotilla.rows("journal list --id lines").map { $0["event"]?["data"]?["b"]?.string } == ["\n"])
            let rows = try await flotilla.rows("journal list --source /test")
            #expect(rows.map { $0["event"]?["id"]?.string } == ["one", "two", "lost"])
            #expect(rows.first?["event"]?["data"]?.integer == 0)
            #expect(rows.allSatisfy { $0["accepted"]?.string.flatMap { Timestamp($0) } != nil })
            let lines = try await flotilla("journal list --source /test")
            #expect(lines.output.split(separator: "\n").count == 3 && lines.output.contains("  crash.event  two  /test  1 bytes\n"))
            for found in ["--id two", "--type crash.#", "--source /test", "--since 1h", "--until 2100-01-01T00:00:00Z"] {
                #expect(try await flotilla("journal list \(found)").ending == .exited(0), "\(found)")
            }
            for missing in [
                "--id four", "--type github.#", "--source /hooks/test", "--until 1h", "--since 2100-01-01T00:00:00Z", "--tenant x",
            ] {
                #expect(try await flotilla("journal list \(missing)").ending == .exited(1), "\(missing)")
            }
        }
    }
}

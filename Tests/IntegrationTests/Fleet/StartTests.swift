// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc
internal import Testing

@testable internal import FlotillaSQLite

/// What a program says when it is started, and when it can't start.
@Suite struct StartTests {
    @Test("a fleet is ready within two seconds, and says what runs where")
    func ready() async throws {
        try await Fleet.with { fleet in
            // Other tests may keep both cores busy for a while: the best of a few starts tells how long one takes.
            let clock = ContinuousClock()
            var times: [Duration] = []
            var output = ""
            while times.count < 5, times.last.map({ $0 >= .seconds(2) }) ?? true {
                let begin = clock.now
                let child = try await fleet.up()
                times.append(clock.now - begin)
                output = child.output
                child.send(SIGTERM)
                #expect(try await child.end() == .exited(0))
            }
            #expect(times.min().map { $0 < .seconds(2) } == true, "\(times)")
            #expect(output.contains("hook      http://127.0.0.1:\(fleet.listen)/hooks/github\n"))
            #expect(output.contains("worker    log-sink takes log.# github.#, writes to log.jsonl\n"))
        }
    }

    @Test(
        "a port that is taken ends the start with status 69 and a line that names the address",
        arguments: ["FLOTILLA_LISTEN", "FLOTILLA_ADMIN"])
    func taken(_ variable: String) async throws {
        try await Fleet.with { fleet in
            _ = try await fleet.up()
            var second = try Fleet(fleet.place, database: "second.db")
            let address = try #require(fleet.environment[variable])
            second.environment[variable] = address
            let finished = try await fleet.place.run("flotilla", ["up"], second.environment)
            #expect(finished.ending == .exited(69))
            #expect(finished.errors.contains(address))
            #expect(finished.errors.contains("in use"))
        }
    }

    enum Damage: String, CaseIterable { case text, otherProgram, damaged }

    @Test("a file that is not ours or is damaged is named, left as it is, and the status is 69", arguments: Damage.allCases)
    func foreign(_ damage: Damage) async throws {
        try await Fleet.with { fleet in
            switch damage {
            case .text: try fleet.place.write("notes of somebody, which are not a database\n", to: "flotilla.db")
            case .otherProgram:
                let database = try Database(path: fleet.place.file("flotilla.db"), create: true)
                try database.execute("CREATE TABLE notes (text); INSERT INTO notes VALUES ('somebody''s')")
                database.close()
            case .damaged: try await damaged(fleet)
            }
            let before = try Data(contentsOf: URL(fileURLWithPath: fleet.place.file("flotilla.db")))
            for words in [["up"], ["queues"]] {
                let finished = try await fleet.place.run("flotilla", words, fleet.environment)
                #expect(finished.ending == .exited(69), "\(words)")
                #expect(finished.errors.contains("flotilla.db"))
                // A log beside it would tell another program that there is something to recover.
                if damage != .damaged { #expect(!fleet.place.exists("flotilla.db-wal")) }
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: fleet.place.file("flotilla.db"))) == before)
        }
    }

    /// One that was ours: the page with all tables is overwritten, its first 100 bytes stay.
    private func damaged(_ fleet: Fleet) async throws {
        try await fleet.database { _ in }
        let path = fleet.place.file("flotilla.db")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes.replaceSubrange(100..<4096, with: Data(repeating: 0xA5, count: 3996))
        try bytes.write(to: URL(fileURLWithPath: path))
        for suffix in ["-wal", "-shm", "-lock"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    }

    static let programs = ["flotilla up", "flotilla-ingress", "flotilla-log-sink"]

    @Test("--help tells every variable and its default, --version the version, and neither needs a configuration", arguments: programs)
    func help(_ program: String) async throws {
        let words = program.split(separator: " ").map(String.init)
        try await Place.with { place in
            let help = try await place.run(words[0], words.dropFirst() + ["--help"], ["FLOTILLA_HOKS": "x"])
            #expect(help.ending == .exited(0))
            #expect(help.output.hasPrefix(program + ": "))
            for name in ["FLOTILLA_BROKER", "FLOTILLA_STORE", "FLOTILLA_ADMIN", "FLOTILLA_LOG", "FLOTILLA_DRAIN_SECONDS"] {
                #expect(help.output.contains(name))
            }
            #expect(help.output.contains("FLOTILLA_LISTEN") == (program != "flotilla-log-sink"))
            #expect(help.output.contains("FLOTILLA_LOG_SINKS") == (program != "flotilla-ingress"))
            let version = try await place.run(words[0], words.dropFirst() + ["--version"])
            #expect(version.ending == .exited(0))
            #expect(version.output.hasPrefix(program + " "))
            let slip = try await place.run(words[0], words.dropFirst() + ["--halp"])
            #expect(slip.ending == .exited(2))
            #expect(slip.errors.hasPrefix("usage: "))
        }
    }

    @Test("--check says ok with 0 where all is well, and what is wrong with 1", arguments: programs)
    func check(_ program: String) async throws {
        let words = program.split(separator: " ").map(String.init) + ["--check"]
        try await Fleet.with { fleet in
            let well = try await fleet.place.run(words[0], Array(words.dropFirst()), fleet.environment)
            #expect(well.ending == .exited(0), "\(well.errors)")
            #expect(well.output.hasSuffix("ok\n"))
            var slip = fleet.environment
            slip["FLOTILLA_LOG"] = "loud"
            slip["FLOTILLA_DRAIN_SECONDS"] = "soon"
            let wrong = try await fleet.place.run(words[0], Array(words.dropFirst()), slip)
            #expect(wrong.ending == .exited(1))
            #expect(wrong.errors.contains("FLOTILLA_LOG must be one of"))
            #expect(wrong.errors.contains("FLOTILLA_DRAIN_SECONDS must be a time"))
            try fleet.place.write("no database at all, and longer than a header\n", to: "notes.txt")
            var unreachable = fleet.environment
            unreachable["FLOTILLA_BROKER"] = "sqlite:notes.txt"
            let away = try await fleet.place.run(words[0], Array(words.dropFirst()), unreachable)
            #expect(away.ending == .exited(1))
            #expect(away.errors.contains("notes.txt"))
        }
    }
}

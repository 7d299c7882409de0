// SPDX-License-Identifier: Apache-2.0

internal import FlotillaModel
internal import Testing

/// The operator's commands, on files that workers have left behind.
@Suite struct CommandTests {
    struct Misuse: Sendable, CustomTestStringConvertible {
        let words: [String]
        let complaint: String
        var testDescription: String { words.joined(separator: " ") }

        init(_ words: String, _ complaint: String) {
            self.words = words.split(separator: " ").map(String.init)
            self.complaint = complaint
        }
    }

    static let misuses = [
        Misuse("sail", "there is no command sail"), Misuse("dead", "list, show, replay or discard is missing"),
        Misuse("dead bury crash", "bury is none of list, show, replay, discard"), Misuse("dead list", "the queue is missing"),
        Misuse("dead list crash --limit many", "--limit must be a whole number"),
        Misuse("dead list crash --limit", "--limit needs a value"),
        Misuse("dead list crash --to other", "--to, --rate and --unguarded belong to replay"),
        Misuse("dead list crash --type a#b", "--type must be a pattern"),
        Misuse("dead list crash --since yesterday", "--since must be a time"),
        Misuse("dead list crash --colour", "--colour is not understood here"),
        Misuse("ledger show", "the event's id is missing"), Misuse("ledger hide x", "hide is not known"),
        Misuse("journal", "list is missing"), Misuse("journal burn", "burn is not known"),
        Misuse("journal list --since yesterday", "--since must be a time"), Misuse("journal list --type a#b", "--type must be a pattern"),
        Misuse("journal list --limit 3", "--limit is not understood here"),
        Misuse("audit all", "all is not understood here"), Misuse("audit --since yesterday", "--since must be a time"),
        Misuse("queues all", "all is not understood here"), Misuse("send", "the hook is missing"),
        Misuse("send gitlab", "there is no hook gitlab"), Misuse("send github push --count none", "--count must be a whole number"),
        Misuse("send github nonsense", "there is no sample nonsense"),
        Misuse("send github --body not-there", "--body must name a readable file"),
        Misuse("up now", "usage: flotilla up"),
    ]

    @Test("wrong usage is told in one line with status 2, and changes nothing", arguments: misuses)
    func misused(_ misuse: Misuse) async throws {
        try await Fleet.with { fleet in
            let finished = try await fleet.place.run("flotilla", misuse.words, fleet.environment)
            #expect(finished.ending == .exited(2))
            #expect(finished.errors.contains(misuse.complaint), "\(finished.errors)")
            #expect(finished.errors.split(separator: "\n").count == 1)
            #expect(finished.output.isEmpty)
            #expect(!fleet.place.exists("flotilla.db"))
        }
    }

    @Test(
        "a command on a file that is not there ends with 69, names it, and makes none",
        arguments: ["queues", "dead list crash", "ledger show x", "journal list", "audit"])
    func missing(_ words: String) async throws {
        try await Fleet.with { fleet in
            let finished = try await fleet.place.run("flotilla", words.split(separator: " ").map(String.init), fleet.environment)
            #expect(finished.ending == .exited(69))
            #expect(finished.errors.contains("flotilla.db"))
            #expect(!fleet.place.exists("flotilla.db"))
            #expect(!fleet.place.exists("flotilla.db-lock"))
        }
    }

    @Test("flotilla send tells with 69 that nobody listens, and with 1 that it was refused")
    func send() async throws {
        try await Fleet.with { fleet in
            let away = try await fleet.command("send", "github")
            #expect(away.ending == .exited(69))
            #expect(away.errors.contains("flotilla send: "))
            _ = try await fleet.up()
            var stranger = fleet
            stranger.environment["FLOTILLA_HOOK_GITHUB_SECRET"] = "another-secret"
            let refused = try await stranger.command("send", "github")
            #expect(refused.ending == .exited(1))
            #expect(refused.output.hasPrefix("401 "))
            let many = try await fleet.command("send", "github", "--count", "20", "--parallel", "4")
            #expect(many.ending == .exited(0))
            #expect(many.output == "20 of 20 accepted\n")
        }
    }

    @Test("queues --json tells each queue in a line; help is there for everything")
    func queues() async throws {
        try await Fleet.with { fleet in
            _ = try await fleet.up()
            _ = try await fleet.command("send", "shop", "--count", "3")
            let finished = try await fleet.command("queues", "--json")
            #expect(finished.ending == .exited(0))
            let rows = try finished.output.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
            #expect(rows.map { $0["queue"]?.string } == ["log-sink", "unrouted"])
            #expect(rows.first?["consumers"]?.integer == 1)
            #expect(rows.last?["ready"]?.integer == 3)
            for words in [[], ["send"], ["queues"], ["dead"], ["ledger"], ["journal"], ["audit"], ["bench"]] {
                let help = try await fleet.place.run("flotilla", words + ["--help"])
                #expect(help.ending == .exited(0))
                #expect(help.output.contains("usage: flotilla"))
            }
        }
    }
}

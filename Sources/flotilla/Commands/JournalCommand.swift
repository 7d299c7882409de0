// SPDX-License-Identifier: Apache-2.0

internal import FlotillaBoot
internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaOperate
internal import FlotillaRuntime
internal import Glibc

struct JournalCommand: Command {
    static let name = "journal"
    static let summary = "every accepted event, for as long as the journal keeps it"
    static let help = """
        usage: flotilla journal list [--since T] [--until T] [--type PATTERN] [--source SOURCE] [--tenant TENANT] [--id ID] [--json]

        Prints accepted events about in the order of their acceptance: when that was, type, id, source and size. It ends where the journal
        ended when the command began; a journal of any size takes little memory. How long events are kept is said by FLOTILLA_JOURNAL.

          --since T, --until T   a time such as 2026-01-31T12:00:00Z, or an age such as 2h
          --type PATTERN         such as github.#
          --source SOURCE        such as /hooks/github
          --tenant TENANT        the event's tenant
          --id ID                the event's id
          --json                 one JSON line for each event: when it was accepted, and the whole event as CloudEvents has it

        Exit status: 0 done; 1 nothing matches, or some entries can't be read; 69 no journal is kept, or it is away.
        """

    private let filter: JournalFilter
    private let json: Bool

    init(_ arguments: inout Arguments) throws {
        var filter = JournalFilter()
        let now = SystemClock().now
        filter.since = try arguments.moment("--since", now: now)
        filter.until = try arguments.moment("--until", now: now)
        filter.type = try arguments.pattern("--type")
        filter.source = try arguments.option("--source")
        filter.tenant = try arguments.option("--tenant")
        filter.id = try arguments.option("--id")
        json = arguments.flag("--json")
        let verb = try arguments.word("list")
        guard verb == "list" else { throw WrongUsage("\(verb) is not known: only list is") }
        self.filter = filter
    }

    func run() async throws -> ExitStatus {
        try await OperatorSession.with { session in
            var count = 0
            let unreadable = try await JournalWalk(session.broker, matching: filter).run { entries in
                for entry in entries { show(entry) }
                count += entries.count
                Terminal.progress("\(count) events")
            }
            Terminal.endProgress()
            if count == 0, !json { print("no event in the journal matches") }
            if unreadable > 0 { Terminal.complain("flotilla journal: \(unreadable) entries can't be read") }
            return count > 0 && unreadable == 0 ? .done : .no
        }
    }

    private func show(_ entry: JournalEntry) {
        let event = entry.event
        guard json else {
            let words = [entry.accepted.description, event.type, event.id, event.source, "\(event.data.count) bytes"]
            return print(words.map(Terminal.plain).joined(separator: "  "))
        }
        printJSON { json in
            json.member("accepted", entry.accepted.description)
            json.key("event")
            json.raw(event.json)
        }
    }
}

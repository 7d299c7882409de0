// SPDX-License-Identifier: Apache-2.0

internal import FlotillaBoot
internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaOperate

struct LedgerCommand: Command {
    static let name = "ledger"
    static let summary = "what happened to one event"
    static let help = """
        usage: flotilla ledger show ID [--source SOURCE] [--json]

        Shows the life of one event: when it was accepted, as far as the journal still has it, once for each time that its sender sent it;
        for each worker that has heard of it its state, round (which copy of it ran last: retries and postponements), generation (how often
        it was replayed), crashes, when it was last claimed, and when that changed; its effects, with the policy under which each was begun,
        and whether its end is known; and where it is kept, with the reason, if it is a dead letter, parked or unrouted. The worker
        `unrouted` tells that a person discarded it there.

          --source SOURCE    only the event of this source, such as /hooks/github; on RabbitMQ, which does not know the sources, those of
                             FLOTILLA_HOOKS are tried without it, and then the journal is read
          --json             one JSON line for each acceptance, worker, effect and letter

        Exit status: 0 found, 1 nobody has heard of it.
        """

    private let id: String
    private let source: String?
    private let json: Bool

    init(_ arguments: inout Arguments) throws {
        source = try arguments.option("--source")
        json = arguments.flag("--json")
        let verb = try arguments.word("show")
        guard verb == "show" else { throw WrongUsage("\(verb) is not known: only show is") }
        id = try arguments.word("the event's id")
    }

    func run() async throws -> ExitStatus {
        let (history, effects) = try await OperatorSession.with { session in
            let history = try await EventHistory.find(
                id: id, source: source, hooks: session.hookSources, broker: session.broker, ledger: session.ledger)
            return (history, try await EffectText.find(id: id, history.lines, session.effects))
        }
        if json {
            for acceptance in history.acceptances { printLine(acceptance) }
            for line in history.lines { printLine(line) }
            for effect in effects { effect.printJSON() }
            for letter in history.letters { LetterText.printJSON(letter, whole: false) }
        } else {
            if !history.acceptances.isEmpty { print(table(history.acceptances) + (history.lines.isEmpty ? "" : "\n")) }
            if !history.lines.isEmpty { print(table(history.lines)) }
            if !effects.isEmpty { print("\n" + EffectText.table(effects)) }
            for letter in history.letters { print("\n" + LetterText.whole(letter)) }
            if history.isEmpty { print("no worker has heard of \(Terminal.plain(id)), or it was too long ago") }
        }
        return history.isEmpty ? .no : .done
    }

    private func table(_ acceptances: [EventHistory.Acceptance]) -> String {
        Terminal.table([["ACCEPTED", "SOURCE", "TYPE"]] + acceptances.map { [$0.at.description, $0.source, $0.type] })
    }

    private func table(_ lines: [EventHistory.Line]) -> String {
        let rows = lines.map { line in
            let row = line.entry.row
            return [
                line.consumer, line.source, row.state.name, String(row.round), String(row.generation), String(row.crashes),
                line.entry.claimed.description, line.entry.changed.description,
            ]
        }
        return Terminal.table([["WORKER", "SOURCE", "STATE", "ROUND", "GENERATION", "CRASHES", "CLAIMED", "CHANGED"]] + rows)
    }

    private func printLine(_ acceptance: EventHistory.Acceptance) {
        printJSON { json in
            json.member("accepted", acceptance.at.description)
            json.member("source", acceptance.source)
            json.member("id", id)
            json.member("type", acceptance.type)
        }
    }

    private func printLine(_ line: EventHistory.Line) {
        printJSON { json in
            json.member("worker", line.consumer)
            json.member("source", line.source)
            json.member("id", id)
            json.member("state", line.entry.row.state.name)
            json.member("round", line.entry.row.round)
            json.member("generation", line.entry.row.generation)
            json.member("crashes", line.entry.row.crashes)
            json.member("claimed", line.entry.claimed.description)
            json.member("changed", line.entry.changed.description)
        }
    }
}

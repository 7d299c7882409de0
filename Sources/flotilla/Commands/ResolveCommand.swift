// SPDX-License-Identifier: Apache-2.0

internal import FlotillaBoot
internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaOperate
internal import FlotillaRuntime

/// `flotilla dead resolve`: a person says whether an effect happened that nobody knows the end of.
struct ResolveCommand: Command {
    static let name = "dead resolve"
    static let summary = "say whether an unknown effect happened"
    static let help = """
        usage: flotilla dead resolve QUEUE --id ID --effect NAME [--key KEY] --happened [--result TEXT] | --redo [--dry-run] [--json]

        For a dead letter with the reason unknown-effect: its handler was about to do something, and nobody knows whether it did. Look at the
        service, then say so; the letter is replayed at once. flotilla ledger show ID lists the effects of an event.

          --id ID          the event's id
          --source SOURCE  its source, where two letters have the same id
          --effect NAME    the effect's name
          --key KEY        its key, where there are several of that name
          --happened       it happened: it is not called again
          --result TEXT    what the call returned, where the handler needs it: text or a number as it is, else JSON
          --redo           it did not happen: the next run calls
          --dry-run        say what would be done, change nothing
          --json           one JSON document

        Exit status: 0 done, 1 there is no such letter or effect, it has come to its end already, or a worker runs the event now.
        """

    private let queue: String
    private let filter: LetterFilter
    private let source: String?
    private let effect: String
    private let key: String?
    private let happened: Bool
    private let result: String?
    private let dryRun: Bool
    private let json: Bool

    init(_ arguments: inout Arguments) throws {
        var filter = LetterFilter()
        filter.id = try arguments.option("--id")
        source = try arguments.option("--source")
        let effect = try arguments.option("--effect")
        key = try arguments.option("--key")
        happened = arguments.flag("--happened")
        let redo = arguments.flag("--redo")
        result = try arguments.option("--result")
        dryRun = arguments.flag("--dry-run")
        json = arguments.flag("--json")
        queue = DeadLetters.queue(named: try arguments.word("the queue"))
        guard filter.id != nil, let effect else { throw WrongUsage("--id and --effect say what is meant") }
        guard happened != redo else { throw WrongUsage("either --happened or --redo") }
        guard happened || result == nil else { throw WrongUsage("--result belongs to --happened") }
        self.effect = effect
        self.filter = filter
    }

    func run() async throws -> ExitStatus {
        try await OperatorSession.with { session in
            let letters = try await session.broker.letters(in: queue, matching: filter, limit: 100).filter(isMeant)
            guard let letter = letters.first else { return no("no letter in \(queue) has the id \(filter.id ?? "")") }
            guard letters.count == 1 else { throw WrongUsage("several letters have that id: --source says which") }
            do {
                return try await settle(letter, session)
            } catch let reason as NoVerdict {
                return no(reason.description)
            }
        }
    }

    private func isMeant(_ letter: Letter) -> Bool {
        guard let source, case .success(let event) = letter.content else { return source == nil }
        return event.source == source
    }

    private func settle(_ letter: Letter, _ session: OperatorSession) async throws -> ExitStatus {
        let verdicts = EffectVerdicts(session.effects, vault: session.vault)
        let entry = try await verdicts.find(in: letter, name: effect, key: key)
        let verdict = happened ? "happened" : "is to be done again"
        if dryRun {
            let isOpen = happened ? EffectTable.takesVerdict(entry.row, hasValue: result != nil) : entry.row.state == .intended
            guard isOpen else { return no(Self.settled) }
            report(entry, replayed: 0, "would say that \(effect) \(verdict), and replay the letter")
            return .done
        }
        let deed = session.deed("dead resolve \(queue): \(effect) of \(filter.id ?? "") \(verdict)")
        switch try await verdicts.settle(entry, happened: happened, value: result, recording: deed) {
        case .resolved: break
        case .missing: return no("the effect is gone: somebody else has decided")
        // An interruption may have come between the verdict and the replay.
        case .settled where happened && entry.row.state == .resolved && result == nil: break
        case .settled: return no(Self.settled)
        case .running: return no("a worker runs the event at this moment")
        }
        let replay = try await DeadLetters(broker: session.broker, ledger: session.ledger).replay(
            [letter], to: nil, now: session.clock.now, evenUnguarded: false)
        let fate =
            if replay.unguarded > 0 {
                "its letter stays: what else it did is forgotten, and flotilla dead replay --unguarded would do it again"
            } else {
                replay.went > 0 ? "the letter is replayed" : "its letter went meanwhile"
            }
        report(entry, replayed: replay.went, "\(effect) \(verdict); \(fate)")
        return .done
    }

    private static let settled =
        "it is known how the effect ended: flotilla ledger show tells, flotilla dead replay lets the event run again"

    private func report(_ entry: EffectEntry, replayed: Int, _ text: String) {
        guard json else { return print(Terminal.plain(text)) }
        printJSON { json in
            json.member("queue", queue)
            json.member("id", filter.id ?? "")
            json.member("effect", effect)
            json.member("key", entry.effect.key)
            json.member("verdict", happened ? "happened" : "redo")
            json.member("replayed", replayed)
            json.member("dry_run", dryRun)
        }
    }

    private func no(_ why: String) -> ExitStatus {
        Terminal.complain("flotilla dead resolve: \(Terminal.plain(why))")
        return .no
    }
}

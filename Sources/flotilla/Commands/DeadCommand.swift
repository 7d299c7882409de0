// SPDX-License-Identifier: Apache-2.0

internal import FlotillaBoot
internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaOperate
internal import FlotillaRuntime

struct DeadCommand: Command {
    static let name = "dead"
    static let summary = "list, show, replay or discard dead letters"
    static let help = """
        usage: flotilla dead list|show|replay|discard QUEUE [filters] [--limit N] [--json]

        QUEUE is a worker's queue (log-sink: its dead letters), a full name (log-sink.parked), or unrouted.

          list       one line for each letter, oldest first
          show       everything about each letter, its data included
          replay     let them run again, where they failed or in the queue named by --to; letters of unrouted go wherever their type
                     is bound to now
          discard    put them away for good

        flotilla dead groups QUEUE counts them by what failed; flotilla dead resolve QUEUE settles an effect that nobody knows the end of.

        filters:
          --id ID            the event's id
          --type PATTERN     the event's type: github.# or github.push
          --class CLASS      transient, throttled, unauthorized, permanent or poison
          --reason TEXT      a part of the reason
          --tenant NAME
          --since TIME       kept since: RFC 3339, or an age such as 2h or 7d
          --until TIME       kept before

          --limit N          at most N letters; list and show stop at 100 without it
          --to QUEUE         replay there
          --rate N           replay at most N a second
          --unguarded        replay those, too, that are older than the ledger's memory (FLOTILLA_LEDGER_DAYS): what they did before is not
                             known, and they would do it again. On a terminal it is asked; without one they stay
          --dry-run          say how many it would be, change nothing
          --yes              do not ask; where there is no terminal nobody is asked
          --json             one JSON line for each letter, or one document with the count

        Exit status: 0 done, 1 no letter matched or none was changed.
        """

    enum Verb: String, CaseIterable { case list, show, replay, discard }

    private let verb: Verb
    private let queue: String
    private let filter: LetterFilter
    private let limit: Int?
    private let target: String?
    private let rate: Int?
    private let unguarded: Bool
    private let dryRun: Bool
    private let yes: Bool
    private let json: Bool

    init(_ arguments: inout Arguments) throws {
        filter = try LetterFilter(&arguments, now: SystemClock().now)
        limit = try arguments.integer("--limit", in: 1...100_000_000)
        target = try arguments.option("--to")
        rate = try arguments.integer("--rate", in: 1...1_000_000)
        unguarded = arguments.flag("--unguarded")
        dryRun = arguments.flag("--dry-run")
        yes = arguments.flag("--yes")
        json = arguments.flag("--json")
        let word = try arguments.word("list, show, replay or discard")
        guard let verb = Verb(rawValue: word) else { throw WrongUsage("\(word) is none of list, show, replay, discard") }
        self.verb = verb
        queue = DeadLetters.queue(named: try arguments.word("the queue"))
        if verb != .replay, target != nil || rate != nil || unguarded { throw WrongUsage("--to, --rate and --unguarded belong to replay") }
    }

    func run() async throws -> ExitStatus {
        try await OperatorSession.with { session in
            let dead = DeadLetters(broker: session.broker, ledger: session.ledger)
            switch verb {
            case .list, .show: return try await look(dead)
            case .replay, .discard:
                if let target, !(try await session.broker.queues().contains { $0.name == target && target != QueueNames.unrouted }) {
                    throw WrongUsage("there is no queue \(target) to replay to")
                }
                return try await change(dead, session)
            }
        }
    }

    private func look(_ dead: DeadLetters) async throws -> ExitStatus {
        var rows: [[String]] = []
        let count = try await walk(dead, filter, most: limit ?? 100) { page in
            for letter in page {
                if json {
                    LetterText.printJSON(letter, whole: verb == .show)
                } else if verb == .show {
                    print(LetterText.whole(letter) + "\n")
                } else {
                    rows.append(LetterText.row(letter))
                }
            }
        }
        if !rows.isEmpty { print(LetterText.table(rows)) }
        if count == 0, !json { print("no letter in \(queue) matches") }
        return count == 0 ? .no : .done
    }

    /// Page by page: what an interruption leaves undone is simply still there, and memory does not grow with the number of letters.
    private func change(_ dead: DeadLetters, _ session: OperatorSession) async throws -> ExitStatus {
        var filter = filter
        // What fails again meanwhile is not taken again.
        let begin = session.clock.now + .milliseconds(1)
        filter.until = min(filter.until ?? begin, begin)
        if dryRun || (!yes && Terminal.isInteractive) {
            let count = try await walk(dead, filter, most: limit ?? Int.max) { _ in }
            if count == 0 || dryRun {
                report(DeadLetters.Replay(), of: count)
                return count == 0 ? .no : .done
            }
            guard Terminal.confirm("\(verb.rawValue) \(count) letters of \(queue)?") else { return .no }
        }
        let what = "dead \(verb.rawValue) \(queue)\(target.map { " to \($0)" } ?? "")"
        var sum = DeadLetters.Replay()
        var begun = false
        func pass(_ most: Int, evenUnguarded: Bool) async throws -> Int {
            sum.unguarded = 0
            var seen = 0
            defer { Terminal.endProgress() }
            return try await walk(dead, filter, most: most) { page in
                // Written down before: an interruption must not leave a change that nobody made.
                if !begun { try await session.record("\(what): begun") }
                begun = true
                if let rate, seen > 0 { try await session.sleeper.sleep(for: .seconds(1) * (Double(page.count) / Double(rate))) }
                if verb == .replay {
                    let part = try await dead.replay(page, to: target, now: session.clock.now, evenUnguarded: evenUnguarded)
                    (sum.went, sum.unguarded) = (sum.went + part.went, sum.unguarded + part.unguarded)
                } else {
                    sum.went += try await dead.discard(page)
                }
                seen += page.count
                Terminal.progress("\(seen)")
            }
        }
        let matching = try await pass(limit ?? Int.max, evenUnguarded: unguarded)
        if sum.unguarded > 0, !yes, Terminal.isInteractive,
            Terminal.confirm("\(sum.unguarded) are older than the ledger's memory, and would do again what they did: replay them, too?")
        {
            _ = try await pass(sum.unguarded, evenUnguarded: true)
        }
        if matching > 0 { try await session.record("\(what): \(sum.went) letters") }
        report(sum, of: matching)
        return sum.went == 0 ? .no : .done
    }

    /// Answers how many letters matched.
    private func walk(
        _ dead: DeadLetters, _ filter: LetterFilter, most: Int, _ body: ([Letter]) async throws -> Void
    ) async throws -> Int {
        var filter = filter
        var count = 0
        while count < most {
            let page = try await dead.list(queue, matching: filter, limit: min(rate ?? DeadLetters.batch, DeadLetters.batch, most - count))
            guard let last = page.last else { break }
            filter.after = last.place
            count += page.count
            try await body(page)
        }
        return count
    }

    private func report(_ sum: DeadLetters.Replay, of matching: Int) {
        if json {
            return printJSON { json in
                json.member("queue", queue)
                json.member("matching", matching)
                json.member("changed", sum.went)
                if verb == .replay { json.member("unguarded", sum.unguarded) }
                json.member("dry_run", dryRun)
            }
        }
        guard !dryRun else { return print("would \(verb.rawValue) \(matching) letters of \(queue)") }
        print("\(sum.went) letters of \(queue) \(verb == .replay ? "replayed" : "discarded")")
        let left = matching - sum.went - sum.unguarded
        if left > 0 { print("\(left) did not: they went meanwhile, their event is done, or nothing is bound to their type") }
        if sum.unguarded > 0 {
            print("\(sum.unguarded) are older than the ledger's memory: nobody knows what they did. --unguarded replays them, too")
        }
    }
}

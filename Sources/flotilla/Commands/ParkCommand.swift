// SPDX-License-Identifier: Apache-2.0

internal import FlotillaBoot
internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaOperate
internal import FlotillaRuntime

struct ParkCommand: Command {
    static let name = "park"
    static let summary = "list or resume events that wait for a connection's consent"
    static let help = """
        usage: flotilla park list [--connection ID] [--queue Q] [--json]
               flotilla park resume --connection ID|--all [--queue Q] [--rate N] [--dry-run] [--yes] [--json]

          list       for each queue and connection how many events are parked, since when, and why; LOST is a connection whose
                     consent is gone, AUTHORISED one whose events are about to go on
          resume     takes the connection for authorised again from now on, and lets its parked events go on at once, in their queues,
                     with the attempt that they had. Workers do the same by themselves within a minute of an authorisation.
                     It stops when the connection is lost again: the rest stays parked. So does what an interruption leaves

          --connection ID    one connection; an empty ID means events that were parked for none
          --all              every connection that has something parked, and what was parked for none
          --queue Q          only what is parked beside this worker's queue
          --rate N           at most N a second, 500 without it
          --dry-run          say how many it would be, change nothing
          --yes              do not ask; where there is no terminal nobody is asked
          --json             one JSON line for each queue and connection

        Exit status: 0 done; 1 nothing is parked, nothing went on, or a connection was lost again.
        """

    enum Verb: String { case list, resume }

    private let verb: Verb
    private let connection: String?
    private let queue: String?
    private let rate: Int
    private let dryRun: Bool
    private let yes: Bool
    private let json: Bool

    init(_ arguments: inout Arguments) throws {
        connection = try arguments.option("--connection")
        queue = try arguments.option("--queue")
        let rate = try arguments.integer("--rate", in: 1...1_000_000)
        let all = arguments.flag("--all")
        dryRun = arguments.flag("--dry-run")
        yes = arguments.flag("--yes")
        json = arguments.flag("--json")
        let word = try arguments.word("list or resume")
        guard let verb = Verb(rawValue: word) else { throw WrongUsage("\(word) is neither list nor resume") }
        self.verb = verb
        self.rate = rate ?? ParkedEvents.batch
        if verb == .list, all || rate != nil || dryRun { throw WrongUsage("--all, --rate and --dry-run belong to resume") }
        if verb == .resume, all == (connection != nil) { throw WrongUsage("resume needs --connection ID or --all, and not both") }
    }

    func run() async throws -> ExitStatus {
        try await OperatorSession.with { session in
            let parked = ParkedEvents(session.parking)
            let lines = try await parked.list(queues(of: session), of: connection)
            if verb == .list { return list(lines, now: session.clock.now) }
            return try await resume(lines, parked, session)
        }
    }

    private func queues(of session: OperatorSession) async throws -> [String] {
        let all = try await session.broker.queues().map(\.name).filter { $0 != QueueNames.unrouted && $0 != QueueNames.delayed }
        guard let queue else { return all }
        guard all.contains(queue) else { throw WrongUsage("there is no queue \(queue)") }
        return [queue]
    }

    private func list(_ lines: [ParkedEvents.Line], now: Timestamp) -> ExitStatus {
        if json {
            for line in lines { show(line) { _ in } }
        } else if lines.isEmpty {
            print("nothing is parked")
        } else {
            let rows = lines.map { line in
                [
                    line.queue, line.group.connection ?? "-", line.group.connection == nil ? "-" : line.state.name.uppercased(),
                    String(line.group.count), Terminal.age(line.group.oldest, now: now), line.group.reason ?? "-",
                ]
            }
            print(Terminal.table([["QUEUE", "CONNECTION", "STATE", "EVENTS", "OLDEST", "REASON"]] + rows))
        }
        return lines.isEmpty ? .no : .done
    }

    private func resume(_ lines: [ParkedEvents.Line], _ parked: ParkedEvents, _ session: OperatorSession) async throws -> ExitStatus {
        let count = lines.reduce(0) { $0 + $1.group.count }
        if dryRun {
            for line in lines { report(line, went: 0, isWhole: true) }
            if lines.isEmpty, !json { print("nothing is parked") }
            return count == 0 ? .no : .done
        }
        if !yes, Terminal.isInteractive, !Terminal.confirm("resume \(count) events of \(lines.count) queues and connections?") {
            return .no
        }
        let what = "park resume \(connection.map { "connection \($0)" } ?? "--all")\(queue.map { " in \($0)" } ?? "")"
        // Written down before: an interruption must not leave a change that nobody made.
        try await session.record("\(what): begun")
        let names = Set(lines.compactMap(\.group.connection)).union([connection ?? ""]).subtracting([""])
        for name in names.sorted() { try await parked.authorise(name) }
        var sum = 0
        var isWhole = true
        for line in lines {
            var went = 0
            let ended = try await parked.resume(line, rate: rate, session.sleeper) { more in
                went += more
                Terminal.progress("\(sum + went) of \(count)")
            }
            Terminal.endProgress()
            report(line, went: went, isWhole: ended)
            sum += went
            isWhole = isWhole && ended
        }
        try await session.record("\(what): \(sum) events")
        if lines.isEmpty, !json { print("nothing is parked") }
        return sum > 0 && isWhole ? .done : .no
    }

    private func report(_ line: ParkedEvents.Line, went: Int, isWhole: Bool) {
        if json {
            return show(line) { json in
                json.member("resumed", went)
                json.member("lost_again", !isWhole)
                json.member("dry_run", dryRun)
            }
        }
        let whose = line.group.connection.map { "connection \(Terminal.plain($0))" } ?? "no connection"
        if dryRun { return print("would resume \(line.group.count) events of \(whose) in \(line.queue)") }
        print("\(went) events of \(whose) go on in \(line.queue)")
        if !isWhole { print("it was lost again meanwhile: the rest stays parked") }
    }

    private func show(_ line: ParkedEvents.Line, _ more: (inout JSONWriter) -> Void) {
        printJSON { json in
            json.member("queue", line.queue)
            if let connection = line.group.connection {
                json.member("connection", connection)
                json.member("state", line.state.name)
            }
            json.member("parked", line.group.count)
            json.member("oldest", line.group.oldest.description)
            if let reason = line.group.reason { json.member("reason", reason) }
            more(&json)
        }
    }
}

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
    private let rate: Int?
    private let dryRun: Bool
    private let yes: Bool
    private let json: Bool

    init(_ arguments: inout Arguments) throws {
        connection = try arguments.option("--connection")
        queue = try arguments.option("--queue")
        rate = try arguments.integer("--rate", in: 1...1_000_000)
        let all = arguments.flag("--all")
        dryRun = arguments.flag("--dry-run")
        yes = arguments.flag("--yes")
        json = arguments.flag("--json")
        let word = try arguments.word("list or resume")
        guard let verb = Verb(rawValue: word) else { throw WrongUsage("\(word) is neither list nor resume") }
        self.verb = verb
        if verb == .list, all || rate != nil || dryRun { throw WrongUsage("--all, --rate and --dry-run belong to resume") }
        if verb == .resume, all == (connection != nil) { throw WrongUsage("resume needs --connection ID or --all, and not both") }
    }

    func run() async throws -> ExitStatus {
        try await OperatorSession.with { session in
            let parked = ParkedEvents(session.parking)
            let queues = try await queues(of: session)
            switch verb {
            case .list: return list(try await parked.list(queues, of: connection), now: session.clock.now)
            case .resume where dryRun: return tell(try await parked.list(queues, of: connection))
            case .resume: return try await resume(queues, parked, session)
            }
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
            for line in lines { show(line) }
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

    private func tell(_ lines: [ParkedEvents.Line]) -> ExitStatus {
        for line in lines {
            if json {
                show(line)
            } else {
                print("would resume \(line.group.count) events of \(whose(line.group.connection)) in \(line.queue)")
            }
        }
        if lines.isEmpty, !json { print("nothing is parked") }
        return lines.isEmpty ? .no : .done
    }

    /// One connection is not counted before: that would take as long as resuming it.
    private func resume(_ queues: [String], _ parked: ParkedEvents, _ session: OperatorSession) async throws -> ExitStatus {
        var targets = queues.map { (queue: $0, connection: ConnectionName.plain(connection)) }
        if connection == nil { targets = try await parked.list(queues, of: nil).map { ($0.queue, $0.group.connection) } }
        let question = connection == nil ? "everything that is parked" : "what is parked for \(Terminal.plain(whose(connection)))"
        if !yes, Terminal.isInteractive, !Terminal.confirm("resume \(question)?") { return .no }
        let what = "park resume \(connection.map { "connection \($0)" } ?? "--all")\(queue.map { " in \($0)" } ?? "")"
        // Written down before: an interruption must not leave a change that nobody made.
        try await session.record("\(what): begun")
        for name in Set(targets.compactMap(\.connection)).sorted() { try await parked.authorise(name) }
        var sum = 0
        var isWhole = true
        for target in targets {
            var went = 0
            let ended = try await parked.resume(target.connection, in: target.queue, rate: rate, session.sleeper) { more in
                went += more
                Terminal.progress("\(sum + went)")
            }
            Terminal.endProgress()
            if went > 0 || !ended { report(target.queue, target.connection, went, ended) }
            sum += went
            isWhole = isWhole && ended
        }
        try await session.record("\(what): \(sum) events")
        if sum == 0, !json { print("nothing is parked") }
        return sum > 0 && isWhole ? .done : .no
    }

    private func report(_ queue: String, _ connection: String?, _ went: Int, _ ended: Bool) {
        if json {
            return printJSON { json in
                json.member("queue", queue)
                if let connection { json.member("connection", connection) }
                json.member("resumed", went)
                json.member("lost_again", !ended)
            }
        }
        print("\(went) events of \(whose(connection)) go on in \(queue)")
        if !ended { print("it was lost again meanwhile: the rest stays parked") }
    }

    private func whose(_ connection: String?) -> String {
        ConnectionName.plain(connection).map { "connection \(Terminal.plain($0))" } ?? "no connection"
    }

    private func show(_ line: ParkedEvents.Line) {
        printJSON { json in
            json.member("queue", line.queue)
            if let connection = line.group.connection {
                json.member("connection", connection)
                json.member("state", line.state.name)
            }
            json.member("parked", line.group.count)
            json.member("oldest", line.group.oldest.description)
            if let reason = line.group.reason { json.member("reason", reason) }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import FlotillaBoot
internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaOperate
internal import FlotillaRuntime

struct AuditCommand: Command {
    static let name = "audit"
    static let summary = "whether every accepted event has come to an end, or is on its way"
    static let help = """
        usage: flotilla audit [--since T] [--json]

        Compares the journal with the ledger. For each worker: how many different events it was bound to when they were accepted; how many
        of them are done, dead, parked or discarded; how many are pending, because something is still on its way in its queue; and how many
        are missing, because nothing is. What was accepted several times is counted in DUPLICATES. Events that no worker was bound to must
        be in `unrouted`, discarded, or known to some worker.

        An event that is older than a binding of its worker was never meant for it; since when a queue is bound is known from this version
        on, by the clock of whoever bound it. Events that handlers publish are audited as far as they are in the journal; retries and replays
        are not there again. Where RabbitMQ's management API is not named (FLOTILLA_BROKER_MANAGEMENT), it can't be known what workers
        hold: what is neither at an end nor waiting is then unknown. What seems to be missing on RabbitMQ is looked for again after 11 seconds.

        Three million events of one worker take some 100 MB; where there are more, the journal is read several times.

          --since T    only what was accepted since then: a time such as 2026-01-31T12:00:00Z, or an age such as 2h. All that the journal
                       has without it; refused when the journal begins later
          --json       JSON lines: one for each worker, one for each missing event, and one for the whole

        Exit status: 0 nothing is missing; 1 something is, or an entry of the journal can't be read; 2 the window is older than the journal; 69
        it can't be known: no journal is kept (FLOTILLA_JOURNAL), what workers hold is unknown, or something is away.
        """

    /// Of each worker, for a person.
    private static let shown = 20

    private let since: Timestamp?
    private let json: Bool

    init(_ arguments: inout Arguments) throws {
        since = try arguments.moment("--since", now: SystemClock().now)
        json = arguments.flag("--json")
    }

    func run() async throws -> ExitStatus {
        try await OperatorSession.with { session in
            var named: [String: [MissingEvent]] = [:]
            let report: AuditReport
            do {
                report = try await Audit(session.broker, session.ledger, sleeper: session.sleeper).run(since: since) { event in
                    if json { return Self.print(event) }
                    if named[event.consumer, default: []].count < Self.shown { named[event.consumer, default: []].append(event) }
                }
            } catch let refusal as Audit.TooOld {
                throw WrongUsage("the journal begins at \(refusal.begin): what was accepted before can't be audited")
            }
            if json { Self.print(report) } else { Self.show(report, named) }
            if let why = session.managementFailure {
                Terminal.complain("flotilla audit: the management API of FLOTILLA_BROKER_MANAGEMENT: \(why)")
            }
            return switch report.verdict {
            case .whole: .done
            case .wanting: .no
            case .unknown: .unavailable
            }
        }
    }

    // MARK: For a person

    private static func show(_ report: AuditReport, _ named: [String: [MissingEvent]]) {
        let heads = ["WORKER", "EVENTS", "DONE", "DEAD", "PARKED", "DISCARDED", "PENDING", "MISSING", "UNKNOWN", "DUPLICATES"]
        let rows = report.consumers.map { line in
            [line.name] + numbers(of: line).map { String($0.value) }
        }
        if !rows.isEmpty { Swift.print(Terminal.table([heads] + rows)) }
        let unrouted = report.unrouted
        if unrouted.events > 0 {
            let parts = [
                (report.kept, "in unrouted"), (unrouted.states[.discarded] ?? 0, "discarded"), (report.elsewhere, "known to a worker"),
                (unrouted.pending, "pending"), (unrouted.missing, "missing"), (unrouted.unknown, "unknown"),
            ]
            let words = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
            Swift.print("\(unrouted.events) events that no worker was bound to: \(words)")
        }
        for line in report.lines where line.missing > 0 {
            let events = named[line.name] ?? []
            Swift.print("\nmissing in \(line.name):")
            for event in events {
                Swift.print(
                    "  " + [event.accepted.description, event.type, event.id, event.source].map(Terminal.plain).joined(separator: "  "))
            }
            if line.missing > events.count { Swift.print("  and \(line.missing - events.count) more: --json names them all") }
        }
        if report.unreadable > 0 { Swift.print("\(report.unreadable) entries of the journal can't be read") }
        let window = report.since.map { " since \($0)" } ?? ""
        switch report.verdict {
        case .whole: Swift.print("nothing is missing of \(report.entries) accepted events\(window)")
        case .wanting: break
        case .unknown:
            Swift.print(
                "it can't be known whether anything is missing: what workers hold is told by the management API alone "
                    + "(FLOTILLA_BROKER_MANAGEMENT)")
        }
    }

    private static func numbers(of line: AuditReport.Line) -> [(name: String, value: Int)] {
        let states: [(String, LedgerState)] = [("done", .done), ("dead", .dead), ("parked", .parked), ("discarded", .discarded)]
        return [("events", line.events)] + states.map { ($0.0, line.states[$0.1] ?? 0) }
            + [("pending", line.pending), ("missing", line.missing), ("unknown", line.unknown), ("duplicates", line.duplicates)]
    }

    // MARK: For a program

    private static func print(_ event: MissingEvent) {
        printJSON { json in
            json.member("kind", "missing")
            json.member("worker", event.consumer)
            json.member("id", event.id)
            json.member("source", event.source)
            json.member("type", event.type)
            json.member("accepted", event.accepted.description)
        }
    }

    private static func print(_ report: AuditReport) {
        for line in report.lines {
            printJSON { json in
                json.member("kind", "worker")
                json.member("worker", line.name)
                for (name, value) in numbers(of: line) { json.member(name, value) }
                guard line.name == QueueNames.unrouted else { return }
                json.member("kept", report.kept)
                json.member("elsewhere", report.elsewhere)
            }
        }
        printJSON { json in
            json.member("kind", "audit")
            if let since = report.since { json.member("since", since.description) }
            json.member("entries", report.entries)
            json.member("unreadable", report.unreadable)
            json.member("missing", report.lines.reduce(0) { $0 + $1.missing })
            json.member("pending", report.lines.reduce(0) { $0 + $1.pending })
            json.member("unknown", report.lines.reduce(0) { $0 + $1.unknown })
        }
    }
}

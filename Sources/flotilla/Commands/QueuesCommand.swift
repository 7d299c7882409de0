// SPDX-License-Identifier: Apache-2.0

internal import FlotillaBoot
internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaRuntime

struct QueuesCommand: Command {
    static let name = "queues"
    static let summary = "depth, rates, consumers and oldest age of each queue"
    static let help = """
        usage: flotilla queues [--watch] [--json]

        Shows for each queue: events ready, held by workers, delayed, dead and parked; events in and out a second, measured over one
        second; consumers; and the age of the oldest event. `unrouted` holds events that no worker is bound to. RabbitMQ tells what is held
        and the rates through its management API alone (FLOTILLA_BROKER_MANAGEMENT); what can't be known is "unknown". There, delayed
        events are counted for all queues together, in the line `flotilla.delay`.

          --watch    again every two seconds, until Ctrl-C
          --json     one JSON line for each queue; ages in seconds
        """

    private let watch: Bool
    private let json: Bool

    init(_ arguments: inout Arguments) throws {
        watch = arguments.flag("--watch")
        json = arguments.flag("--json")
    }

    func run() async throws -> ExitStatus {
        try await OperatorSession.with { session in
            repeat {
                let before = try await session.broker.queues()
                let begin = MonotonicClock.now
                try await session.sleeper.sleep(for: .seconds(1))
                let after = try await session.broker.queues()
                show(after, since: before, seconds: Double(MonotonicClock.now - begin) / 1e9)
                if let why = session.managementFailure {
                    Terminal.complain("flotilla queues: the management API of FLOTILLA_BROKER_MANAGEMENT: \(why)")
                }
                if watch { try await session.sleeper.sleep(for: .seconds(1)) }
            } while watch
            return .done
        }
    }

    private func show(_ reports: [QueueReport], since before: [QueueReport], seconds: Double) {
        let now = SystemClock().now
        var rows = [["QUEUE", "READY", "HELD", "DELAYED", "DEAD", "PARKED", "IN/S", "OUT/S", "CONSUMERS", "OLDEST"]]
        for report in reports {
            let old = before.first { $0.name == report.name } ?? report
            // Statistics begin anew with the broker: never a negative rate.
            let arriving = max(0, Double(report.entered - old.entered) / seconds)
            let leaving = max(0, Double(report.gone - old.gone) / seconds)
            let rates = !report.unknown.contains(.rates) && !old.unknown.contains(.rates)
            let held = !report.unknown.contains(.held)
            let delayed = !report.unknown.contains(.delayed)
            if json {
                printJSON { json in
                    json.member("queue", report.name)
                    json.member("ready", report.ready)
                    if held { json.member("held", report.held) } else { json.member("held", Self.unknown) }
                    if delayed { json.member("delayed", report.delayed) } else { json.member("delayed", Self.unknown) }
                    json.member("dead", report.dead)
                    json.member("parked", report.parked)
                    for (name, rate) in [("in_per_second", arriving), ("out_per_second", leaving)] {
                        if rates { json.member(name, rate) } else { json.member(name, Self.unknown) }
                    }
                    json.member("consumers", report.consumers)
                    if report.unknown.contains(.oldest) { json.member("oldest_seconds", Self.unknown) }
                    if let oldest = report.oldest { json.member("oldest_seconds", max(0, (now - oldest).inSeconds)) }
                }
                continue
            }
            let counts = [delayed ? String(report.delayed) : Self.unknown, String(report.dead), String(report.parked)]
            let age = report.unknown.contains(.oldest) ? Self.unknown : Terminal.age(report.oldest, now: now)
            rows.append(
                [report.name, String(report.ready), held ? String(report.held) : Self.unknown] + counts
                    + [rates ? rate(arriving) : Self.unknown, rates ? rate(leaving) : Self.unknown, String(report.consumers), age])
        }
        if !json { print((watch ? "\u{1B}[H\u{1B}[2J" : "") + Terminal.table(rows)) }
    }

    private static let unknown = "unknown"

    private func rate(_ value: Double) -> String { String(Int(value.rounded())) }
}

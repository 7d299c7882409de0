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
        second; consumers; and the age of the oldest event. `unrouted` holds events that no worker is bound to.

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
            let arriving = Double(report.entered - old.entered) / seconds
            let leaving = Double(report.gone - old.gone) / seconds
            if json {
                printJSON { json in
                    json.member("queue", report.name)
                    json.member("ready", report.ready)
                    json.member("held", report.held)
                    json.member("delayed", report.delayed)
                    json.member("dead", report.dead)
                    json.member("parked", report.parked)
                    json.member("in_per_second", arriving)
                    json.member("out_per_second", leaving)
                    json.member("consumers", report.consumers)
                    if let oldest = report.oldest { json.member("oldest_seconds", max(0, (now - oldest).inSeconds)) }
                }
                continue
            }
            let numbers = [report.ready, report.held, report.delayed, report.dead, report.parked].map(String.init)
            rows.append(
                [report.name] + numbers + [rate(arriving), rate(leaving), String(report.consumers), Terminal.age(report.oldest, now: now)])
        }
        if !json { print((watch ? "\u{1B}[H\u{1B}[2J" : "") + Terminal.table(rows)) }
    }

    private func rate(_ value: Double) -> String { String(Int(value.rounded())) }
}

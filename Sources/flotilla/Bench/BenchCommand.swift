// SPDX-License-Identifier: Apache-2.0

internal import CBench
internal import FlotillaEngine
internal import FlotillaModel
internal import FlotillaPostgres
internal import FlotillaRuntime
internal import FlotillaSQLite
internal import Glibc

struct BenchCommand: Command {
    static let name = "bench"
    static let summary = "the load generators behind the numbers in the README"
    static let help = """
        usage: flotilla bench local [--seconds N] [--publishers N] [--backlog N] [--keys N [--strict]] [--folder DIR] [--json]
               flotilla bench verify [--json]
               flotilla bench broker [--count N] [--publishers N] [--journal] [--large] [--rate N] [--keep TYPE] [--bare] [--json]
               flotilla bench worker [--count N] [--publishers N] [--ledger [--keys N [--strict]] | --no-ledger] [--bare] [--json]
               flotilla bench ledger [--count N] [--publishers N] [--rows N] [--rate N] [--json]
               flotilla bench park [--count N] [--connections N] [--local] [--folder DIR] [--json]

        verify: nanoseconds to verify one request of 1 KB, for each scheme, beside OpenSSL's own for the hash of the same bytes in the same
        run, and what is beyond it. Schemes of public keys and tokens do other work than hashing.

        local: the embedded fleet in this process, full fsync: publish, fetch, claim, handle, mark and acknowledge events of 1 KB; then a bare
        C loop over SQLite with the same statements and the same group commit, for the same time on the same disk; then single
        publishes beside one fdatasync. Prints events a second, p50, p99, memory, and the ratios.

        broker: publishes events of 1 KB to the RabbitMQ of FLOTILLA_BROKER (amqp://guest:guest@127.0.0.1 without it), each waiting for its
        confirm, and tells how long those take. worker: consumes them with a handler that does nothing, without a ledger, or with the one
        of FLOTILLA_STORE. Both on queues of their own, removed again.

        ledger: claims events on the PostgreSQL of FLOTILLA_STORE, then marks them done, as many at once as --publishers says, in batches
        and then one by one; in a schema of its own, removed again. With --rate it tells what claim and mark take an event at low load;
        with --rows how many claims a second there are beside as many finished rows, and before.

        park: parks events of many connections on the RabbitMQ of FLOTILLA_BROKER, or in a file, and tells how long it takes to resume those
        of one connection, five times, and to list those of one and of all. On a queue of its own, removed again.

          --seconds N       for each part; 10 without it
          --publishers N    publishers that wait for their confirm, or handlers at once; 64 without it
          --backlog N       first let N events wait, then measure publishing and consuming beside them, and drain them
          --keys N          events of N partition keys, one of each at a time; local tells the same without keys beside it
          --strict          in strict order
          --connections N   whose events are parked, each as many; 1000 without it
          --local           in a file instead of on RabbitMQ
          --folder DIR      where the files are made and removed again; ./var/bench without it
          --count N         events to publish or consume; 100000 without it
          --journal         journal what is published
          --large           one event in a hundred has 10 MB; what is told of times holds for the others
          --rate N          events a second that are offered, instead of as many as go
          --rows N          finished rows of the ledger beside which claims are measured
          --ledger          claim and mark what is consumed
          --no-ledger       neither, as without it
          --keep TYPE       publish into the fleet of FLOTILLA_PREFIX, as events of this type, and leave them there
          --bare            a bare C loop over librabbitmq does it: what any client can reach on that broker
        """

    enum Subject: String, CaseIterable { case local, verify, broker, worker, ledger, park }

    private let subject: Subject
    private let bare: Bool
    private let seconds: Int
    private let publishers: Int
    private let backlog: Int
    private let keys: Int
    private let order: EventOrder
    private let folder: String
    private let json: Bool
    private let rabbit: RabbitBench
    private let ledger: LedgerBench?
    private let connections: Int
    private let isLocal: Bool

    init(_ arguments: inout Arguments) throws {
        seconds = try arguments.integer("--seconds", in: 1...3600) ?? 10
        publishers = try arguments.integer("--publishers", in: 1...4096) ?? 64
        backlog = try arguments.integer("--backlog", in: 1...10_000_000) ?? 0
        keys = try arguments.integer("--keys", in: 1...1_000_000) ?? 0
        order = arguments.flag("--strict") ? .strict : .exclusive
        folder = try arguments.option("--folder") ?? "var/bench"
        json = arguments.flag("--json")
        bare = arguments.flag("--bare")
        rabbit = try RabbitBench(&arguments, lanes: publishers, keys: keys, order: order)
        let rows = try arguments.integer("--rows", in: 1...1_000_000_000) ?? 0
        let (with, without) = (arguments.flag("--ledger"), arguments.flag("--no-ledger"))
        if with, without { throw WrongUsage("--ledger and --no-ledger contradict each other") }
        connections = try arguments.integer("--connections", in: 1...1_000_000) ?? 1000
        isLocal = arguments.flag("--local")
        let word = try arguments.word("local, verify, broker, worker, ledger or park")
        guard let subject = Subject(rawValue: word) else {
            throw WrongUsage("\(word) is none of local, verify, broker, worker, ledger, park")
        }
        self.subject = subject
        if subject == .worker, keys > 0, !with { throw WrongUsage("--keys needs --ledger: whose turn it is stands in the same store") }
        let needsLedger = subject == .ledger || subject == .worker && with
        ledger = try needsLedger ? LedgerBench(count: rabbit.count, lanes: publishers, rows: rows, rate: rabbit.rate) : nil
    }

    func run() async throws -> ExitStatus {
        switch subject {
        case .local: try await runLocal()
        case .verify: try verify()
        case .broker, .worker: try await runRabbit()
        case .ledger: try await runLedger()
        case .park: try await runPark()
        }
    }

    private func runRabbit() async throws -> ExitStatus {
        var figures = LocalBench.Figures()
        switch (subject, bare) {
        case (.broker, false): figures = try await rabbit.publish()
        case (.broker, true): figures.eventsPerSecond = try await rabbit.barePublish()
        case (_, false):
            figures.eventsPerSecond =
                if let ledger { try await ledger.with { try await rabbit.consume(PostgresLedger($0), lanes: PostgresLanes($0)) } } else {
                    try await rabbit.consume()
                }
        case (_, true): figures.eventsPerSecond = try await rabbit.bareConsume()
        }
        let times = figures.latencies.isEmpty ? [] : [("p50", figures.percentile(0.5)), ("p99", figures.percentile(0.99))]
        if json {
            printJSON { json in
                json.member("messages_per_second", figures.eventsPerSecond)
                for (name, value) in times { json.member("\(name)_us", value) }
            }
        } else {
            let words =
                [bare ? "bare \(subject.rawValue)" : subject.rawValue, "\(publishers) at once"]
                + (ledger == nil ? [] : ["with the ledger"]) + rabbit.words
                + times.map { "\($0.0) \(Int($0.1.rounded())) us" }
            print("\(words.joined(separator: ", ")): \(Int(figures.eventsPerSecond.rounded())) msg/s")
        }
        return .done
    }

    private func runLedger() async throws -> ExitStatus {
        guard let ledger else { return .wrongUsage }
        return show(try await ledger.run())
    }

    private func runPark() async throws -> ExitStatus {
        guard connections <= rabbit.count else { throw WrongUsage("--connections must not be more than --count") }
        let local = LocalBench(folder: "\(folder)/\(getpid())", seconds: seconds, publishers: publishers)
        let lines = try await local.withFolder {
            try await local.withFile("park.db") { file in
                func measure(_ broker: any Broker & BrokerInspection & Park) async throws -> [BenchLine] {
                    try await ParkBench(count: rabbit.count, connections: connections, broker: broker, file: file).run()
                }
                guard isLocal else { return try await rabbit.with { try await measure($0) } }
                return try await measure(SQLiteBroker(file))
            }
        }
        return show(lines)
    }

    private func runLocal() async throws -> ExitStatus {
        let bench = LocalBench(folder: "\(folder)/\(getpid())", seconds: seconds, publishers: publishers)
        let lines = try await bench.withFolder {
            if keys > 0 { return try await measureKeys(bench) }
            return backlog > 0 ? try await measureBacklog(bench) : try await measure(bench)
        }
        return show(lines)
    }

    private func show(_ lines: [BenchLine]) -> ExitStatus {
        if json {
            printJSON { json in
                for line in lines { json.member(line.name, line.value) }
            }
        } else {
            print(Terminal.table(lines.map { [$0.name, $0.text] }))
        }
        return .done
    }

    private func verify() throws -> ExitStatus {
        var rows = [["SCHEME", "BYTES", "NS", "OPENSSL'S HASH", "NS", "BEYOND IT"]]
        try VerifyBench.run { line in
            guard !json else {
                return printJSON { json in
                    json.member("scheme", line.scheme)
                    json.member("bytes", line.bytes)
                    json.member("ns", line.nanoseconds.rounded())
                    json.member("hash", line.hash)
                    json.member("hash_ns", line.hashNanoseconds.rounded())
                    json.member("beyond_ns", line.beyond.rounded())
                }
            }
            let figures = [line.nanoseconds, line.hashNanoseconds, line.beyond].map { String(Int($0.rounded())) }
            rows.append([line.scheme, String(line.bytes), figures[0], line.hash, figures[1], figures[2]])
        }
        if !json { print(Terminal.table(rows)) }
        return .done
    }

    private func measure(_ bench: LocalBench) async throws -> [BenchLine] {
        let fleet = try await bench.run()
        let bare = try bench.bareLoop()
        let single = try await bench.singles()
        let sync = flotilla_bench_fdatasync("\(bench.folder)/sync", 1000)
        return [
            BenchLine("events_per_second", fleet.eventsPerSecond, "events/s"), BenchLine("slowest_second", fleet.slowestSecond, "events/s"),
            BenchLine("p50", fleet.percentile(0.5), "us"), BenchLine("p99", fleet.percentile(0.99), "us"),
            BenchLine("rss", LocalBench.residentMegabytes, "MB"), BenchLine("bare_loop", bare, "events/s"),
            BenchLine("ratio_to_bare_loop", fleet.eventsPerSecond / bare), BenchLine("single_publish_p50", single.percentile(0.5), "us"),
            BenchLine("fdatasync_p50", sync, "us"), BenchLine("ratio_to_fdatasync", single.percentile(0.5) / sync),
        ]
    }

    private func measureKeys(_ bench: LocalBench) async throws -> [BenchLine] {
        let none = try await bench.run()
        let keyed = try await bench.run(keys: keys, order: order)
        return [
            BenchLine("events_per_second", none.eventsPerSecond, "events/s"), BenchLine("p99", none.percentile(0.99), "us"),
            BenchLine("keyed_events_per_second", keyed.eventsPerSecond, "events/s"), BenchLine("keyed_p99", keyed.percentile(0.99), "us"),
            BenchLine("ratio", keyed.eventsPerSecond / none.eventsPerSecond),
        ]
    }

    private func measureBacklog(_ bench: LocalBench) async throws -> [BenchLine] {
        let empty = try await bench.run()
        let memory = LocalBench.residentMegabytes
        let figures = try await bench.runBesideBacklog(of: backlog)
        return [
            BenchLine("empty_events_per_second", empty.eventsPerSecond, "events/s"),
            BenchLine("empty_publish_p50", empty.percentile(0.5), "us"),
            BenchLine("empty_rss", memory, "MB"), BenchLine("fill_per_second", figures.fillPerSecond, "events/s"),
            BenchLine("beside_events_per_second", figures.beside.eventsPerSecond, "events/s"),
            BenchLine("beside_publish_p50", figures.beside.percentile(0.5), "us"),
            BenchLine("drain_per_second", figures.drainPerSecond, "events/s"), BenchLine("rss", LocalBench.residentMegabytes, "MB"),
            BenchLine("ratio_beside_to_empty", figures.beside.eventsPerSecond / empty.eventsPerSecond),
            BenchLine("ratio_drain_to_empty", figures.drainPerSecond / empty.eventsPerSecond),
        ]
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TestSupport
internal import Testing

@testable internal import FlotillaRuntime

/// A service that writes down what happens to it. It runs until it is drained, unless it is told to fail or to ignore being asked.
private final class Probe: Service {
    enum Manner { case obliging, stubborn, failing, fleeting }
    struct Failure: Error {}

    let name: String
    private let manner: Manner
    private let record: Record
    private let gate = AsyncStream.makeStream(of: Void.self)

    init(_ name: String, _ record: Record, _ manner: Manner = .obliging) {
        self.name = name
        self.manner = manner
        self.record = record
    }

    func run() async throws {
        record.note("\(name) runs")
        switch manner {
        case .failing: throw Failure()
        case .fleeting: return
        case .obliging, .stubborn:
            for await _ in gate.stream {}
            record.note(Task.isCancelled ? "\(name) cancelled" : "\(name) done")
            try Task.checkCancellation()
        }
    }

    func drain() async {
        record.note("\(name) drains")
        if manner != .stubborn { gate.continuation.finish() }
    }
}

private final class Record: Sendable {
    private let notes = Mutex<[String]>([])
    private let (stream, continuation) = AsyncStream.makeStream(of: String.self)

    func note(_ text: String) {
        notes.withLock { $0.append(text) }
        continuation.yield(text)
    }

    var all: [String] { notes.withLock { $0 } }

    func sees(_ text: String) async {
        for await seen in stream where seen == text { return }
    }
}

@Suite(.timeLimit(.minutes(1))) struct ServiceGroupTests {
    private let record = Record()
    private let sleeper = ManualSleeper()
    private let log = CapturedLog()
    private let signals = AsyncStream.makeStream(of: ProcessSignal.self)

    private func group(_ stages: [[any Service]]) -> ServiceGroup {
        ServiceGroup(
            stages: stages, drainLimit: .seconds(25), signals: signals.stream, log: Logger(program: "test", level: .info, sink: log),
            sleeper: sleeper, reload: { [record] in record.note("reload") }, abandon: { [record] in record.note("abandon \($0)") })
    }

    @Test("SIGTERM drains the ingress before the workers and the workers before the broker")
    func drains() async {
        let services = ["ingress", "worker", "broker"].map { [Probe($0, record)] }
        async let ending = group(services).run()
        await record.sees("broker runs")
        signals.continuation.yield(.terminate)
        #expect(await "\(ending)" == "drained")
        #expect(await ending.exitStatus == 0)
        #expect(
            record.all.filter { !$0.hasSuffix("runs") }
                == ["ingress drains", "ingress done", "worker drains", "worker done", "broker drains", "broker done"])
    }

    @Test("What has not finished within the limit is cancelled")
    func deadline() async {
        async let ending = group([[Probe("slow", record, .stubborn)], [Probe("broker", record)]]).run()
        await record.sees("slow runs")
        signals.continuation.yield(.terminate)
        await record.sees("slow drains")
        await sleeper.sleeping(atLeast: 1)
        sleeper.advance(by: .milliseconds(24_999))
        #expect(!record.all.contains("slow cancelled"))
        sleeper.advance(by: .milliseconds(1))
        #expect(await "\(ending)" == "deadline")
        #expect(record.all.contains("slow cancelled") && record.all.contains("broker cancelled") && !record.all.contains("broker drains"))
        #expect(log.lines.map(\.level) == [.notice, .warning, .error, .error])
    }

    @Test("A second signal cancels at once, and the program may leave without waiting")
    func second() async {
        async let ending = group([[Probe("slow", record, .stubborn)]]).run()
        await record.sees("slow runs")
        signals.continuation.yield(.terminate)
        await record.sees("slow drains")
        signals.continuation.yield(.interrupt)
        #expect(await ending.exitStatus == 130)
        #expect(record.all.contains { $0.hasPrefix("abandon secondSignal") } && record.all.contains("slow cancelled"))
    }

    @Test("A service that fails drains the others, and its error is the ending")
    func failure() async {
        let ending = await group([[Probe("good", record)], [Probe("bad", record, .failing)]]).run()
        guard case .failed(let service, let error) = ending else {
            Issue.record("ended as \(ending)")
            return
        }
        #expect(service == "bad" && error is Probe.Failure && ending.exitStatus == 1)
        #expect(record.all.suffix(2) == ["good drains", "good done"])
    }

    @Test("A service that is through with its work lets all the others finish")
    func fleeting() async {
        let ending = await group([[Probe("once", record, .fleeting)], [Probe("good", record)]]).run()
        #expect("\(ending)" == "drained")
        #expect(record.all.contains("good done"))
    }

    @Test("SIGHUP reloads and ends nothing")
    func reload() async {
        async let ending = group([[Probe("good", record)]]).run()
        await record.sees("good runs")
        signals.continuation.yield(.hangup)
        await record.sees("reload")
        #expect(!record.all.contains("good drains"))
        signals.continuation.yield(.terminate)
        #expect(await "\(ending)" == "drained")
    }

    @Test("A group of nothing has ended")
    func empty() async {
        #expect(await "\(group([]).run())" == "drained")
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import Synchronization
import TestSupport
import Testing

/// Where the process ends: at a stage of the pipeline, before or after the store or the broker does something for the park.
enum Death: Sendable, CaseIterable, CustomTestStringConvertible {
    case stage(PipelineStage)
    case before(Call), after(Call)

    enum Call: String, Sendable, CaseIterable { case lose, due, note, look, drained }

    static var allCases: [Death] {
        PipelineStage.allCases.map { .stage($0) } + Call.allCases.flatMap { [.before($0), .after($0)] }
    }

    var testDescription: String {
        switch self {
        case .stage(let stage): "at \(stage)"
        case .before(let call): "before \(call)"
        case .after(let call): "after \(call)"
        }
    }
}

/// The parking of one process of a crash test.
private struct MortalParking: Consents, Park {
    let parking: Parking
    let life: Life
    let kill: @Sendable (Death) -> Bool

    private func passing<Value>(_ call: Death.Call, _ body: () async throws -> Value) async throws -> Value {
        try life.check()
        if kill(.before(call)) { life.end() }
        try life.check()
        let value = try await body()
        if kill(.after(call)) { life.end() }
        try life.check()
        return value
    }

    func epoch() async throws -> Int64 { try await parking.consents.epoch() }
    func authorise(_ connection: String) async throws -> Consent { try await parking.consents.authorise(connection) }
    func standing(of connection: String) async throws -> Consent { try await parking.consents.standing(of: connection) }
    func list(after name: String?, limit: Int) async throws -> [Consent] { try await parking.consents.list(after: name, limit: limit) }
    func note(_ connection: String, parkedIn queue: String) async throws {
        try life.check()
        try await parking.consents.note(connection, parkedIn: queue)
    }

    func lose(_ connection: String, seen: Int64, parkedIn queue: String) async throws -> Consent {
        try await passing(.lose) { try await parking.consents.lose(connection, seen: seen, parkedIn: queue) }
    }
    func due(in queue: String, after name: String?, limit: Int) async throws -> [Consent] {
        try await passing(.due) { try await parking.consents.due(in: queue, after: name, limit: limit) }
    }
    func note(of connection: String, in queue: String) async throws -> ParkNote? {
        try await passing(.note) { try await parking.consents.note(of: connection, in: queue) }
    }
    func drained(_ note: ParkNote) async throws { try await passing(.drained) { try await parking.consents.drained(note) } }

    func parked(in queue: String) async throws -> [ParkedGroup] { try await parking.park.parked(in: queue) }
    func parked(in queue: String, of connection: String?) async throws -> ParkedGroup? {
        try await parking.park.parked(in: queue, of: connection)
    }
    func unnoted(in queue: String) async throws -> Set<String> { [] }
    func backlog(of queue: String) async throws -> Int { try await parking.park.backlog(of: queue) }

    func resume(
        _ connection: String?, in queue: String, limit: Int, passing: Set<Int64>,
        _ judge: @escaping @Sendable ([Letter]) async throws -> [ParkVerdict]
    ) async throws -> ResumedPart {
        try life.check()
        let part = try await parking.park.resume(connection, in: queue, limit: limit, passing: passing) { letters in
            try await self.passing(.look) { try await judge(letters) }
        }
        try life.check()
        return part
    }
}

/// Does its work when the connection is authorised, and sees to it that nobody else is at it meanwhile.
private struct Tenant: Handler {
    let life: Life
    let consents: any Consents
    let atWork: Atomic64
    let done: Tally

    func handle(_ event: Event, context: Context) async throws -> Outcome {
        try life.check()
        #expect(atWork.add(1) == 1, "the event runs twice at once")
        defer { atWork.add(-1) }
        #expect(context.attempt == 1)
        guard try await consents.standing(of: "c").state == .authorised else { return .park(connection: "c", "no consent") }
        done.add()
        return .done
    }
}

private final class Atomic64: Sendable {
    private let value = Atomic(0)
    @discardableResult func add(_ number: Int) -> Int { value.add(number, ordering: .acquiringAndReleasing).newValue }
}

struct ParkCrashTests {
    /// A process is killed once at one point; another one goes on. The event is parked, its connection authorised, and it is done.
    @Test(arguments: Adapter.lives, Death.allCases)
    func `whatever is killed on the way into the park and out of it, an event is done, and nothing is left`(
        _ adapter: Adapter, _ death: Death
    ) async throws {
        try await adapter.harness { harness in
            let kills = Tally()
            let done = Tally()
            let atWork = Atomic64()
            let one = try key("1")
            let kill: @Sendable (Death) -> Bool = { here in
                guard here.testDescription == death.testDescription, kills.count == 0 else { return false }
                kills.add()
                return true
            }
            var holder = try await harness.open()
            try await holder.broker.declare("q", bindings: [pattern("t")])
            try await holder.broker.publish([event("1")])
            for isAuthorised in [false, true] {
                if isAuthorised { _ = try await holder.parking.consents.authorise("c") }
                for process in 1... {
                    try #require(process < 10, "no end after \(process) processes")
                    let killed = try await Self.process(holder, kill, atWork, done) { [holder] in
                        let state = try await holder.state(one)
                        guard try await holder.depth("q") == 0 else { return false }
                        // Whoever lets events go on tells the store after the last of them.
                        return isAuthorised ? state == .done && kills.count == 1 : state == .parked
                    }
                    guard killed else { break }
                    await holder.vanish()
                    holder = try await harness.open()
                }
            }
            #expect(try await holder.state(one) == .done)
            // A worker that was killed after the handler has it run once more.
            #expect(done.count >= 1 && done.count <= 1 + kills.count)
            #expect(try await holder.letters("q.dead").isEmpty)
            // A letter that was left behind by a killed worker goes at a later look.
            try await until { [holder] in
                var resumption = Resumption("c", in: "q", holder.parking)
                _ = try await resumption.step(atMost: 10)
                return try await holder.letters("q.parked").isEmpty
            }
            #expect(try await holder.depth("q") == 0)
        }
    }

    /// Runs a worker until its process is killed, or all is at its end. True when it was killed.
    private static func process(
        _ holder: Holder, _ kill: @escaping @Sendable (Death) -> Bool, _ atWork: Atomic64, _ done: Tally,
        until end: @escaping @Sendable () async throws -> Bool
    ) async throws -> Bool {
        let loop = try Loop("worker")
        defer { loop.stop() }
        let life = Life { stage, _ in kill(.stage(stage)) }
        let mortal = MortalParking(parking: holder.parking, life: life, kill: kill)
        var settings = Worker.Settings(queue: "q", bindings: [try pattern("t")], concurrency: 2, prefetch: 4)
        settings.parkSweep = .milliseconds(50)
        let worker = Worker(
            settings, handler: Tenant(life: life, consents: holder.parking.consents, atWork: atWork, done: done),
            broker: MortalBroker(broker: holder.broker, life: life), ledger: MortalLedger(ledger: holder.ledger, life: life),
            effects: holder.effects, clock: SystemClock(), sleeper: LoopSleeper(loop), solitude: Solitude(),
            parking: Parking(park: mortal, consents: mortal, ledger: holder.parking.ledger), watcher: life)
        let running = Task { try? await worker.run() }
        try await within(.seconds(60), "an end") {
            while !life.isOver {
                if try await end() { return }
                try await LoopSleeper(loop).sleep(for: .milliseconds(5))
            }
        }
        running.cancel()
        _ = await running.value
        return life.isOver
    }

    /// A process was killed when the copy was confirmed in the queue and the letter had not left the park.
    @Test(arguments: Adapter.lives)
    func `a copy that went twice because of a crash is known for one, and runs once`(_ adapter: Adapter) async throws {
        try await adapter.harness { harness in
            let holder = try await harness.open()
            try await holder.park([("1", "c")])
            let one = try key("1")
            guard case .run(let fence) = try await holder.ledger.claim(one, round: 1, generation: 0, alone: false) else { return }
            #expect(try await holder.ledger.mark(one, fence: fence, as: .parked))
            let subscription = try await holder.broker.subscribe(to: "q", prefetch: 1)
            try await holder.broker.publish([event("1")])
            let carrier = try await subscription.one()
            try await holder.broker.forward(carrier, to: "q", passage: Passage(attempt: 1, generation: 1), after: .zero)
            carrier.acknowledge()
            await subscription.cancel()

            _ = try await holder.parking.consents.authorise("c")
            var resumption = Resumption("c", in: "q", holder.parking)
            #expect(try await resumption.step(atMost: 10) == .ended(1))
            let (atWork, done) = (Atomic64(), Tally())
            let killed = try await Self.process(holder, { _ in false }, atWork, done) {
                let depth = try await holder.depth("q")
                return try await holder.state(one) == .done && depth == 0
            }
            #expect(!killed && done.count == 1)
            #expect(try await holder.parkedIDs().isEmpty)
        }
    }
}

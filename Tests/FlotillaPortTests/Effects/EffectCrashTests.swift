// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaOperate
import Glibc
import TestSupport
import Testing

/// A point in an event's life at which its worker is killed.
struct KillPoint: Sendable, CustomTestStringConvertible {
    let attempt: Int
    let stage: String
    let testDescription: String

    init(_ attempt: Int, _ stage: PipelineStage, _ words: String) {
        self.attempt = attempt
        self.stage = stage.rawValue
        testDescription = words
    }

    init(_ attempt: Int, _ stage: EffectStage, _ words: String) {
        self.attempt = attempt
        self.stage = stage.rawValue
        testDescription = words
    }

    /// Whether the claim is held there. Elsewhere a kill is no crash of an event, and hits even one that runs alone.
    var isInside: Bool { stage != PipelineStage.received.rawValue && stage != PipelineStage.settled.rawValue }

    /// How often an effect was called by then of which nobody knows the end: its intent has no result. Nil where it has one, or was not begun.
    var unknownCalls: Int? {
        switch stage {
        case EffectStage.intended.rawValue: 0
        case EffectStage.called.rawValue: 1
        default: nil
        }
    }

    /// The first attempt ends with a retry, the second is done.
    static let all = [
        KillPoint(1, .received, "before the claim"), KillPoint(1, .claimed, "between claim and intent"),
        KillPoint(1, .intended, "between intent and call"), KillPoint(1, .called, "between call and result"),
        KillPoint(1, .recorded, "between result and the handler's end"), KillPoint(1, .handled, "between the handler's end and the retry"),
        KillPoint(1, .forwarded, "between the retry's confirm and the release"), KillPoint(1, .marked, "between release and ack"),
        KillPoint(1, .settled, "at the ack of the retried"), KillPoint(2, .claimed, "between the retry's claim and what was recorded"),
        KillPoint(2, .handled, "between the handler's end and the mark"), KillPoint(2, .marked, "between mark and ack"),
        KillPoint(2, .settled, "at the ack"),
    ]
}

/// The limit counts from when a case waits for its turn.
@Suite(.timeLimit(.minutes(CrashGround.isLong ? 60 : 10)))
struct EffectCrashTests {
    private static let count = CrashGround.isLong ? 200 : 20

    /// A third of the events under each policy; each is killed by itself, and then each together with whatever runs beside it.
    @Test(arguments: CrashGround.allCases, KillPoint.all)
    func `whatever is killed, an effect that can be done once is done once, and one of which nobody knows waits for a person`(
        _ ground: CrashGround, _ point: KillPoint
    ) async throws {
        for lanes in point.isInside ? ground.lanes : [1] {
            try await ground.with { try await Self.kill(each: point, $0, lanes: lanes) }
        }
    }

    private static func kill(each point: KillPoint, _ field: CrashField, lanes: Int) async throws {
        let ids = (0..<count).map { ["keyed", "reconciled", "once"][$0 % 3] + "-\($0)" }
        let service = try RecordingService()
        defer { service.end() }
        try await field.publish(ids)
        let worker = try field.worker(service, ["point=\(point.attempt):\(point.stage)", "concurrency=\(lanes)"])
        defer { worker.stop() }
        try await until(within: .seconds(500)) { try await field.ended(ids) }
        // The last one may be at its end before its worker is.
        if lanes == 1 { try await until(within: .seconds(60)) { worker.crashes >= ids.count } }
        worker.stop()

        let dead = try await field.dead()
        for id in ids {
            let state = try await field.row(id)?.state
            let note = Comment(
                rawValue: "\(id) in \(lanes) lanes: \(state?.name ?? "-"), done \(service.count(id)) times, \(dead[id] ?? "-")")
            #expect(service.keys(id) <= 1, note)
            if id.hasPrefix("once") {
                // Beside another one it was killed at that one's point, too, wherever it was by then: the store knows whether in between.
                let isOpen = try await field.effects.effects(of: key(id)).first?.row.state == .intended
                let isUnknown = lanes == 1 || point.unknownCalls != nil ? point.unknownCalls != nil : isOpen
                #expect(isOpen == isUnknown, note)
                if isUnknown {
                    #expect(state == .dead && dead[id]?.hasPrefix("unknown-effect") == true, note)
                    #expect(lanes == 1 ? service.count(id) == point.unknownCalls : service.count(id) <= point.unknownCalls ?? 1, note)
                } else {
                    #expect(state == .done && dead[id] == nil && service.count(id) == 1, note)
                }
            } else {
                #expect(service.count(id) == 1 && state == .done && dead[id] == nil, note)
            }
        }
        #expect(Set(dead.keys).isSubset(of: ids))
        let kills = Set(field.lines("kills")).count
        // Two lanes may come to their points before the first kill is felt.
        #expect(lanes == 1 ? kills == worker.crashes : kills >= worker.crashes)
        // Of those that were killed beside another one, the point may have been passed when they came again.
        #expect(lanes == 1 ? worker.crashes == ids.count : worker.crashes > 0, "\(worker.crashes) kills")

        let whole = try await audit(field.broker, field.ledger)
        #expect(whole.report.verdict == .whole && whole.report.consumers.map(\.events) == [ids.count])
        try field.deleteRow(key(ids[0]))
        // The last copy may have come back when its worker was stopped: while it is there, the event may be that.
        let subscription = try await field.broker.subscribe(to: field.queue, prefetch: 10)
        let emptying = Task { while let delivery = try await subscription.next() { delivery.acknowledge() } }
        try await until(within: .seconds(60)) { try await audit(field.broker, field.ledger).missing.map(\.id) == [ids[0]] }
        await subscription.cancel()
        try await emptying.value
    }

    /// One has the call under way and stands still past its lease; another takes over. What the first then hears and says changes nothing.
    @Test(arguments: CrashGround.allCases, ["keyed", "once"])
    func `a worker that was paused past its lease records nothing and marks nothing over its successor`(
        _ ground: CrashGround, _ policy: String
    ) async throws {
        let id = policy + "-held"
        try await ground.with { field in
            let service = try RecordingService(holding: [id])
            defer { service.end() }
            try await field.publish([id])
            // One lane: whatever it takes afterwards, it has said its word about this one before.
            let first = try field.worker(service, ["lease-ms=2000", "concurrency=1"])
            defer { first.stop() }
            try await within(.seconds(60), "the call") { await service.arrived.reach(1) }
            try await pause(first.send) { _ = try await field.ledger.lost(among: [HeldClaim(key: key("probe"), fence: 1)]) }
            let before = try #require(try await field.effects.effects(of: key(id)).first)
            #expect(before.row.state == .intended)

            let second = try field.worker(service, ["lease-ms=2000"])
            defer { second.stop() }
            try await until(within: .seconds(200)) {
                let state = try await field.row(id)?.state
                return state == .done || state == .dead
            }
            let row = try await field.row(id)
            let effect = try await field.effects.effects(of: key(id)).first
            second.stop()
            first.send(SIGCONT)
            service.open()
            try await field.publish(["keyed-after"])
            try await until(within: .seconds(120)) { try await field.ended([id, "keyed-after"]) }
            #expect(first.crashes == 0 && second.crashes == 0)
            #expect(try await field.row(id) == row)
            #expect(try await field.effects.effects(of: key(id)).first == effect)
            #expect(service.count(id) == 1)
            if policy == "keyed" {
                #expect(row?.state == .done)
                #expect(try await field.dead() == [:])
            } else {
                #expect(row?.state == .dead)
                #expect(effect?.row.run == before.row.run)
                #expect(try await field.dead()[id]?.hasPrefix("unknown-effect") == true)
            }
        }
    }

    /// The other one has its call under way, too, while the first says what it has to say, and is killed then.
    @Test(arguments: CrashGround.allCases)
    func `a worker that was paused past its lease does not settle what its successor holds: that comes again when it is killed`(
        _ ground: CrashGround
    ) async throws {
        let id = "keyed-held"
        try await ground.with { field in
            let service = try RecordingService(holding: [id], answers: 2)
            defer { service.end() }
            try await field.publish([id])
            let orders = ["lease-ms=2000", "concurrency=1", "prefetch=1", "retries=no"]
            let first = try field.worker(service, orders)
            defer { first.stop() }
            try await within(.seconds(60), "the call") { await service.arrived.reach(1) }
            try await pause(first.send) { _ = try await field.ledger.lost(among: [HeldClaim(key: key("probe"), fence: 1)]) }
            let second = try field.worker(service, orders)
            defer { second.stop() }
            try await within(.seconds(200), "the successor's call") { await service.arrived.reach(2) }

            first.send(SIGCONT)
            service.letOneGo()
            // The other one's only lane is taken: when this is done, the first has said its word about what it held.
            try await field.publish(["keyed-after"])
            try await until(within: .seconds(120)) { try await field.row("keyed-after")?.state == .done }
            #expect(try await field.row(id)?.state == .claimed)
            #expect(first.crashes == 0 && second.crashes == 0)
            second.stop()
            try await until(within: .seconds(120)) { try await field.ended([id, "keyed-after"]) }
            #expect(try await field.row(id)?.state == .done)
            #expect(service.count(id) == 1 && service.keys(id) == 1 && service.arrived.count == 4)
            #expect(try await field.dead() == [:])
        }
    }

    @Test(arguments: CrashGround.allCases)
    func `two workers that are brought the same event at once do its effect once`(_ ground: CrashGround) async throws {
        let ids = (0..<20).map { ["keyed", "reconciled", "once"][$0 % 3] + "-\($0)" }
        try await ground.with { field in
            let service = try RecordingService()
            defer { service.end() }
            // As senders send again, and brokers deliver again.
            for _ in 0..<3 { try await field.publish(ids) }
            let workers = [try field.worker(service), try field.worker(service)]
            defer { for worker in workers { worker.stop() } }
            try await until(within: .seconds(120)) { try await field.ended(ids) }
            for id in ids {
                #expect(service.count(id) == 1, "\(id)")
                #expect(try await field.row(id)?.state == .done, "\(id)")
            }
            #expect(try await field.dead() == [:])
        }
    }
}

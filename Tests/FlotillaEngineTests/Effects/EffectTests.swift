// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaMemory
import FlotillaModel
import FlotillaRuntime
import Synchronization
import TestSupport
import Testing

private struct Broken: Error {}

struct EffectTests {
    /// What a handler is told by effect after effect, over as many runs as it takes until the event has ended.
    private static func live(
        _ bench: Bench, vault: Vault? = nil, repeatable: Bool = false, _ body: @escaping @Sendable (Event, Context) async throws -> Outcome
    ) async throws -> Failure? {
        let worker = try bench.worker(handler: Doing(isRepeatable: repeatable, body: body)) { $0.vault = vault }
        try await bench.broker.publish([event("1")])
        try await bench.running(worker) {
            while bench.broker.depth(of: "q") > 0 || !bench.record.steps.contains("settled") {
                let settled = bench.record.steps.count { $0 == "settled" }
                try await bench.record.reach("settled", settled + 1)
                try await bench.pass(.seconds(86_400))
            }
        }
        return bench.broker.letters(in: "q.dead").first.map {
            Failure(.permanent, ($0.passage.failureClass ?? "") + ": " + ($0.passage.reason ?? ""))
        }
    }

    @Test func `the intent is stored before the call, and the result before the mark`() async throws {
        try await Bench.use { bench in
            let steps = try await bench.settle(
                Doing { _, context in
                    let value = try await context.effect("send", key: "a", .atMostOnce) { _ in
                        bench.record.add("call")
                        return "receipt"
                    }
                    #expect(value == "receipt")
                    return .done
                })
            #expect(steps == ["claim", "begin send", "call", "finish send", "handle", "mark done", "acknowledge"])
        }
    }

    @Test func `a later run gets what was recorded and does not call`() async throws {
        try await Bench.use { bench in
            let calls = Tally()
            let dead = try await Self.live(bench) { _, context in
                let text = try await context.effect("text", .atMostOnce) { _ in
                    calls.add()
                    return "r\(calls.count)"
                }
                let number = try await context.effect("number", argument: "x", .repeatable) { _ in
                    calls.add()
                    return 40 + calls.count
                }
                let bytes: [UInt8] = try await context.effect("bytes", .keyed(window: .zero, then: .repeatable)) { _ in
                    calls.add()
                    return []
                }
                let tree = try await context.effect("tree", .repeatable) { _ in
                    calls.add()
                    return JSONValue.object(["a": .array([.integer(1), .null])])
                }
                try await context.effect("void", .atMostOnce) { _ in calls.add() }
                #expect(text == "r1" && number == 42 && bytes.isEmpty && tree["a"]?.array?.count == 2)
                return context.attempt < 3 ? .retry("again") : .done
            }
            #expect(dead == nil)
            #expect(calls.count == 5)
        }
    }

    /// The first run ends in the call; what the second does is the policy's.
    @Test func `of an intent without a result each policy makes its own`() async throws {
        typealias Row = (name: String, policy: EffectPolicy<String>, calls: Int, asked: Int, dead: String?)
        let asked = Tally()
        func ask(_ answer: Reconciliation<String>) -> EffectPolicy<String> {
            .reconciled { call in
                asked.add()
                #expect(call.isRepeat)
                return answer
            }
        }
        let unknown = "permanent: unknown-effect: send may have happened"
        let table: [Row] = [
            ("repeatable", .repeatable, 2, 0, nil), ("keyed", .keyed(window: .seconds(999_999), then: .atMostOnce), 2, 0, nil),
            ("keyed, too late", .keyed(window: .seconds(1), then: .atMostOnce), 1, 0, unknown),
            ("at most once", .atMostOnce, 1, 0, unknown), ("happened", ask(.happened("asked")), 1, 1, nil),
            ("did not", ask(.didNot), 2, 1, nil), ("can't say", ask(.unknown), 1, 1, unknown),
            ("keyed, then asked", .keyed(window: .seconds(1), then: ask(.happened("asked"))), 1, 1, nil),
        ]
        for row in table {
            try await Bench.use { bench in
                let calls = Tally()
                let keys = Mutex<Set<String>>([])
                let before = asked.count
                let values = Mutex<[String]>([])
                let dead = try await Self.live(bench) { _, context in
                    let value = try await context.effect("send", row.policy) { call in
                        keys.withLock { _ = $0.insert(call.idempotencyKey) }
                        #expect(call.isRepeat == (calls.count > 0))
                        calls.add()
                        if calls.count == 1 { throw Failure(.transient, "no answer") }
                        return "called"
                    }
                    values.withLock { $0.append(value) }
                    return .done
                }
                let note = Comment(rawValue: row.name)
                #expect(calls.count == row.calls, note)
                #expect(asked.count - before == row.asked, note)
                if let expected = row.dead {
                    #expect(dead?.reason.hasPrefix(expected) == true, note)
                } else {
                    #expect(dead == nil, note)
                    #expect(values.withLock { $0 } == [row.calls == 2 ? "called" : "asked"], note)
                }
                #expect(keys.withLock { $0.count } == 1 && keys.withLock { $0.first?.utf8.count } == 32, note)
            }
        }
    }

    @Test func `whoever is sure that nothing happened has the next run call, whatever the policy`() async throws {
        let sure: [any Error] = [
            NotDone(Failure(.transient, "no connection")), NotDone(Broken()),
            Failure(.throttled(until: Timestamp(microseconds: 0)), "slow"),
        ]
        for error in sure {
            try await Bench.use { bench in
                let calls = Tally()
                let dead = try await Self.live(bench) { _, context in
                    try await context.effect("send", .atMostOnce) { call in
                        #expect(!call.isRepeat)
                        calls.add()
                        if calls.count < 3 { throw error }
                    }
                    return .done
                }
                #expect(dead == nil)
                #expect(calls.count == 3)
                #expect(bench.record.steps.count { $0 == "withdraw send" } == 2)
            }
        }
    }

    @Test func `a refusal ends the event as its class says, and leaves no intent for a replay to stumble over`() async throws {
        for (kind, letters) in [(Failure.Class.permanent, "q.dead"), (.unauthorized(connection: "c"), "q.parked")] {
            try await Bench.use { bench in
                _ = try await bench.settle(
                    Doing { _, context in
                        try await context.effect("send", .atMostOnce) { _ in throw Failure(kind, "no") }
                        return .done
                    })
                #expect(bench.broker.letters(in: letters).count == 1)
                #expect(try await bench.ledger.effects(of: key("1")).isEmpty)
            }
        }
    }

    /// The first call timed out and may have come through; the second met a closed door. Taking the intent back now would begin a new
    /// window, long after the service has forgotten the key of the first.
    @Test func `a refusal of a repeated call does not take back the intent of the first`() async throws {
        try await Bench.use { bench in
            let calls = Tally()
            let dead = try await Self.live(bench) { _, context in
                try await context.effect("send", .keyed(window: .seconds(86_400 * 2), then: .atMostOnce)) { _ in
                    calls.add()
                    if calls.count == 1 { throw Failure(.transient, "no answer") }
                    throw NotDone(Failure(.transient, "no connection"))
                }
                return .done
            }
            #expect(calls.count == 2)
            #expect(dead?.reason.hasPrefix("permanent: unknown-effect") == true)
        }
    }

    @Test func `one name and key twice in a run is a fault of the handler, whatever it makes of the error`() async throws {
        try await Bench.use { bench in
            let calls = Tally()
            let dead = try await Self.live(bench) { _, context in
                for number in 0..<3 {
                    try await context.effect("send", key: "\(number)", .repeatable) { _ in calls.add() }
                }
                _ = try? await context.effect("send", key: "1", .repeatable) { _ in calls.add() }
                return .done
            }
            #expect(calls.count == 3)
            #expect(dead?.reason.hasPrefix("permanent: the effect send was used twice in one run") == true)
        }
    }

    @Test func `an argument that changed on redelivery ends the event`() async throws {
        try await Bench.use { bench in
            let calls = Tally()
            let dead = try await Self.live(bench) { _, context in
                try await context.effect("send", argument: "to \(context.attempt)", .repeatable) { _ in calls.add() }
                return .retry("again")
            }
            #expect(calls.count == 1)
            #expect(dead?.reason.hasPrefix("permanent: effect-changed: send") == true)
        }
    }

    @Test func `an unknown effect ends the event even if the handler swallows the error`() async throws {
        try await Bench.use { bench in
            let dead = try await Self.live(bench) { _, context in
                do {
                    try await context.effect("send", .atMostOnce) { _ in throw Broken() }
                } catch {
                    return .retry("it did not work")
                }
                return .done
            }
            #expect(dead?.reason.hasPrefix("permanent: unknown-effect: send") == true)
        }
    }

    @Test func `names, keys and policies that can't be are refused before anything happens`() async throws {
        let bad: [(String, String, EffectPolicy<String>, Bool, String)] = [
            ("", "", .repeatable, false, "an effect's name is"), ("Send", "", .repeatable, false, "an effect's name is"),
            (String(repeating: "n", count: 65), "", .repeatable, false, "an effect's name is"),
            ("send", "a\nb", .repeatable, false, "the key of the effect send"),
            ("send", String(repeating: "k", count: 1025), .repeatable, false, "the key of the effect send"),
            ("send", "", .atMostOnce, true, "the effect send can't be .atMostOnce"),
        ]
        for (name, text, policy, repeatable, reason) in bad {
            try await Bench.use { bench in
                let calls = Tally()
                let dead = try await Self.live(bench, repeatable: repeatable) { _, context in
                    try await context.effect(name, key: text, policy) { _ in
                        calls.add()
                        return ""
                    }
                    return .done
                }
                #expect(calls.count == 0)
                #expect(dead?.reason.hasPrefix("permanent: \(reason)") == true, "\(dead?.reason ?? "-")")
            }
        }
    }

    @Test func `a handler that is repeatable may have effects that bear it`() async throws {
        try await Bench.use { bench in
            let calls = Tally()
            let dead = try await Self.live(bench, repeatable: true) { _, context in
                try await context.effect("keyed", .keyed(window: .seconds(999_999), then: .atMostOnce)) { _ in calls.add() }
                try await context.effect("asked", .reconciled { _ in .didNot }) { _ in calls.add() }
                try await context.effect("again", .repeatable) { _ in calls.add() }
                return context.attempt == 1 ? .retry("again") : .done
            }
            #expect(dead == nil)
            #expect(calls.count == 3)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaMemory
import FlotillaModel
import FlotillaRuntime
import Synchronization
import TestSupport
import Testing

struct EffectValueTests {
    private static let vault = Vault(newest: Vault.Key(id: "k1", bytes: Secret(bytes: [UInt8](repeating: 1, count: 32))))
    private static let large = [UInt8](repeating: 0x61, count: EffectTable.valueLimit + 1)

    /// Two runs of one event; answers the value of each, or what went wrong.
    private static func twice(
        _ policy: EffectPolicy<[UInt8]>, secret: Bool = false, vaults: [Vault?] = [nil, nil], _ value: [UInt8], calls: Tally = Tally(),
        look: (MemoryLedger) async throws -> Void = { _ in }
    ) async throws -> [Result<[UInt8], Failure>] {
        let seen = Mutex<[Result<[UInt8], Failure>]>([])
        try await Bench.use { bench in
            let handler = Doing { _, context in
                do {
                    let value = try await context.effect("fetch", policy, secret: secret) { _ in
                        calls.add()
                        return value
                    }
                    seen.withLock { $0.append(.success(value)) }
                } catch let failure as Failure {
                    seen.withLock { $0.append(.failure(failure)) }
                    throw failure
                }
                return .retry("again", after: .seconds(1))
            }
            try await bench.broker.publish([event("1")])
            for (run, vault) in vaults.enumerated() {
                // What is due comes with the next subscription.
                bench.sleeper.advance(by: .seconds(10))
                try await bench.running(try bench.worker(handler: handler) { $0.vault = vault }) {
                    try await bench.record.reach("settled", run + 1)
                }
                try await look(bench.ledger)
            }
        }
        return seen.withLock { $0 }
    }

    @Test func `the largest value is kept; one byte more is returned in this run`() async throws {
        let calls = Tally()
        let largest = [UInt8](Self.large.dropLast())
        #expect(try await Self.twice(.atMostOnce, largest, calls: calls).compactMap { try? $0.get() } == [largest, largest])
        #expect(calls.count == 1)
    }

    @Test func `a value that was too large is had again by a call where the policy allows it`() async throws {
        for policy in [EffectPolicy<[UInt8]>.repeatable, .keyed(window: .seconds(3600), then: .atMostOnce)] {
            let calls = Tally()
            #expect(try await Self.twice(policy, Self.large, calls: calls).compactMap { try? $0.get() } == [Self.large, Self.large])
            #expect(calls.count == 2)
        }
    }

    @Test func `a value that was too large is asked for where the policy asks`() async throws {
        let calls = Tally()
        let runs = try await Self.twice(.reconciled { _ in .happened([5]) }, Self.large, calls: calls)
        #expect(runs.compactMap { try? $0.get() } == [Self.large, [5]])
        #expect(calls.count == 1)
    }

    @Test func `a value that was too large is lost to a later run where nobody may call or ask`() async throws {
        for policy in [EffectPolicy<[UInt8]>.atMostOnce, .reconciled { _ in .didNot }] {
            let calls = Tally()
            let runs = try await Self.twice(policy, Self.large, calls: calls)
            #expect(runs.first.flatMap { try? $0.get() } == Self.large)
            guard case .failure(let failure) = runs.last else {
                Issue.record("a value: \(runs.count)")
                continue
            }
            #expect(failure.kind == .permanent)
            #expect(failure.reason.hasPrefix("effect-value: fetch has happened"))
            #expect(calls.count == 1)
        }
    }

    @Test func `a secret value is sealed in the store, and comes back`() async throws {
        let secret = Array("token-1234567890".utf8)
        let runs = try await Self.twice(.atMostOnce, secret: true, vaults: [Self.vault, Self.vault], secret) { ledger in
            let row = try #require(try await ledger.effects(of: key("1")).first?.row)
            #expect(row.isSecret)
            guard case .sealed(let sealed) = row.value else {
                Issue.record("not sealed")
                return
            }
            #expect(sealed.key == "k1")
            #expect(!String(decoding: sealed.bytes, as: UTF8.self).contains("token"))
            #expect(throws: VaultFailure.self) {
                try Self.vault.open(sealed, as: .effect(EffectName(event: key("1"), name: "fetch", key: "other")))
            }
            #expect(throws: VaultFailure.self) {
                try Self.vault.open(sealed, as: .effect(EffectName(event: key("2"), name: "fetch", key: "")))
            }
        }
        #expect(runs.compactMap { try? $0.get() } == [secret, secret])
    }

    @Test func `without a key nothing secret is done, and the event waits; a key that is gone later opens nothing`() async throws {
        let calls = Tally()
        let without = try await Self.twice(.atMostOnce, secret: true, vaults: [nil], [1], calls: calls)
        #expect(without.map(Self.wait) == ["the value of the effect fetch is secret, and FLOTILLA_KEYS is not set"])
        #expect(calls.count == 0)
        let other = Vault(newest: Vault.Key(id: "k2", bytes: Secret(bytes: [UInt8](repeating: 2, count: 32))))
        let gone = try await Self.twice(.atMostOnce, secret: true, vaults: [Self.vault, other], [1], calls: calls)
        #expect(
            gone.map(Self.wait) == [
                nil,
                "the recorded value of the effect fetch can't be opened: it is sealed with the key k1, which FLOTILLA_KEYS does not hold",
            ])
        #expect(calls.count == 1)
    }

    /// Why it waits, without spending an attempt.
    private static func wait(_ result: Result<[UInt8], Failure>) -> String? {
        guard case .failure(let failure) = result, case .throttled = failure.kind else { return nil }
        return failure.reason
    }

    @Test func `what is recorded and can't be read as the handler wants it ends the event, and is not shown`() async throws {
        let memory = EffectMemory()
        let one = try event("1")
        try await Context(handling: one, effects: memory).effect("n", .atMostOnce) { _ in "secretive" }
        let error = await #expect(throws: Failure.self) {
            _ = try await Context(handling: one, effects: memory).effect("n", .atMostOnce) { _ in 1 }
        }
        #expect(error == Failure(.permanent, "effect-value: what is recorded for n is no Int"))
    }
}
